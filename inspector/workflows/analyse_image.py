"""Turn an image whose layers are indexed into everything a front end shows; its files come first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

from inspector.records.event import Event, Finished, Partial, Progress
from inspector.records.image import Image
from inspector.records.image_contents import Packages
from inspector.records.image_inspection import ImageInspection
from inspector.records.image_waste import Leftovers, Waste
from inspector.workflows.collector import collector_paused, set_aside
from inspector.workflows.content_comparison import Comparison, Groups, Keys

if TYPE_CHECKING:
    from inspector.analysis.image.leftovers import Told
    from inspector.isolation.limits import CancelToken
    from inspector.records.file_system import FileSystem

_STEPS: Final = 4


def analyse_image(image: Image) -> ImageInspection:
    """Analyze an image whose layers are indexed."""
    for event in analyse_image_in_steps(image):
        if isinstance(event, Finished):
            return event.result
    raise AssertionError("analysis ended without a result")


def analyse_image_in_steps(image: Image, cancel: CancelToken | None = None) -> Iterator[Event[ImageInspection]]:
    """Analyze as analyse_image() does: a Partial with the files first, one with packages and models, then the rest.

    Contents of equal size are compared meanwhile, from before the layers are merged; where that fails it is warned of, and
    they count as not compared.
    """
    yield Progress(0, _STEPS, "putting layers together")
    comparing = Comparison(image)
    try:
        comparing.start(_may_be_same(image))
        inspection = _with_files(image)
        yield Partial(inspection)
        yield Progress(1, _STEPS, "finding packages")
        inspection = _with_pull_costs(_with_contents(inspection))
        yield Partial(inspection)
        told = _told_by_place(inspection)
        yield Progress(2, _STEPS, "comparing contents")
        for event in comparing.events(partial(_undecided, inspection), cancel):
            if isinstance(event, Finished):
                inspection = _with_waste(inspection, event.result, told)
            elif not isinstance(event, Partial):
                yield event
    finally:
        comparing.stop()
    yield Progress(3, _STEPS, "looking for trouble")
    inspection = with_findings(inspection)
    set_aside(len(inspection.file_system.entries) if inspection.file_system else 0)
    yield Finished(inspection)


def with_findings(inspection: ImageInspection) -> ImageInspection:
    """Return the inspection with its findings made anew."""
    from inspector.analysis.image.findings import find

    final = inspection.file_system
    waste, leftovers = inspection.waste or Waste(0, 0, 0), inspection.leftovers or Leftovers()
    if final is None:
        return replace(inspection, findings=inspection.image.findings)
    with collector_paused():
        findings = find(inspection.image, final, waste, leftovers, inspection.packages or Packages(), inspection.models)
    return replace(inspection, findings=findings)


def _with_files(image: Image) -> ImageInspection:
    from inspector.analysis.image.file_system import merge

    with collector_paused():
        return ImageInspection(image, merge(image.layers), findings=image.findings)


def _may_be_same(image: Image) -> Groups:
    from inspector.analysis.image.duplicates import may_be_same

    with collector_paused():
        return may_be_same(image.layers)


def _undecided(inspection: ImageInspection, keys: Keys) -> Groups:
    """Return what may be copied up unchanged and was not among the contents compared before layers were merged."""
    from inspector.analysis.image.waste import undecided

    return undecided(inspection.image.layers, _final(inspection), keys)


def _with_contents(inspection: ImageInspection) -> ImageInspection:
    from inspector.analysis.image.models import find_models
    from inspector.analysis.image.packages import find_packages

    image, final = inspection.image, _final(inspection)
    with collector_paused():
        packages = find_packages(image.layers, final)
        return replace(inspection, packages=packages, models=find_models(image.layers, final, image.blobs))


def _told_by_place(inspection: ImageInspection) -> Told:
    from inspector.analysis.image.leftovers import told_by_place

    with collector_paused():
        return told_by_place(inspection.image, _final(inspection), inspection.packages or Packages())


def _with_waste(inspection: ImageInspection, keys: Keys, told: Told) -> ImageInspection:
    from inspector.analysis.image.leftovers import find_leftovers
    from inspector.analysis.image.waste import find_waste

    image, final, packages = inspection.image, _final(inspection), inspection.packages or Packages()
    with collector_paused():
        waste = find_waste(image.layers, final, keys)
        leftovers = find_leftovers(image, final, packages, keys, told)
    return replace(inspection, waste=waste, leftovers=leftovers)


def _with_pull_costs(inspection: ImageInspection) -> ImageInspection:
    from inspector.analysis.image.pull_costs import pull_costs

    packages = inspection.packages or Packages()
    with collector_paused():
        costs = pull_costs(inspection.image, _final(inspection), packages, inspection.models)
    return replace(inspection, pull_costs=costs)


def _final(inspection: ImageInspection) -> FileSystem:
    assert inspection.file_system is not None, "files come first"
    return inspection.file_system
