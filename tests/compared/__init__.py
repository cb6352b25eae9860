"""Pairs of artifacts with planted differences, made in code."""
