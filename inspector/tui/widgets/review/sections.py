"""Tabs that show a section of the text report as it is."""

from __future__ import annotations

from textual.content import Content

from inspector.records.review import Review
from inspector.report.text_image import image_entries, write_image
from inspector.report.text_optimization import write_contract
from inspector.report.text_page import Page
from inspector.report.text_saved_model import write_saved_model
from inspector.tui.widgets.review.report_lines import report_lines


def image_lines(review: Review, width: int) -> list[Content]:
    """Return what is known of an image, or of another artifact in its format."""
    image = review.image
    if image is None:
        return []

    def write(page: Page) -> None:
        previous = ""
        for label, value in image_entries(image):
            page.entry(label if label != previous else "", value, 10)
            previous = label
        write_image(page, image)

    return report_lines(write, width)


def saved_model_lines(review: Review, width: int) -> list[Content]:
    """Return what is known of a SavedModel beside its graph."""
    facts = review.saved_model
    return [] if facts is None else report_lines(lambda page: write_saved_model(page, facts), width)


def contract_lines(review: Review, width: int) -> list[Content]:
    """Return everything that the contract says."""
    contract = review.contract
    return [] if contract is None else report_lines(lambda page: write_contract(page, contract), width)
