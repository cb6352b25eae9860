"""Scores of values, by weights that lie behind an absolute link."""

import numpy

weights = numpy.load("/srv/current/weights.npy")


def scores(values):
    """Return one score a column."""
    return numpy.asarray(values) @ weights
