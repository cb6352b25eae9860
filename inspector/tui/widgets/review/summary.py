"""The first tab of a review: the verdict on top, then the numbers that matter."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from textual.containers import Container, Vertical
from textual.widget import Widget

from inspector.records.review import Review
from inspector.tui.widgets.card import Card
from inspector.tui.widgets.cards_pane import CardsPane
from inspector.tui.widgets.review.summary_text import (
    artifact_lines,
    failed_lines,
    finding_lines,
    number_lines,
    step_lines,
    steps_note,
    verdict_lines,
    warning_lines,
)


class ReviewSummary(CardsPane[Review]):
    """Cards, those that a review has nothing for left out."""

    def __init__(self) -> None:
        super().__init__(id="review-summary")

    def compose(self) -> Iterator[Widget]:
        """Lay out the cards; styles decide on columns."""
        yield Card("verdict", id="verdict-card", leads_to="checks")
        yield Card("numbers", id="numbers-card")
        with Container(id="columns"):
            with Vertical(classes="column"):
                yield Card("checks that did not pass", id="failed-card", leads_to="checks")
                yield Card("steps", id="steps-card", leads_to="changes")
                yield Card("findings", id="findings-card", leads_to="findings")
            with Vertical(classes="column"):
                yield Card("artifact", id="artifact-card")
                yield Card("warnings", id="warnings-card")

    def fill(self, inspection: Review, twice: int) -> None:
        """Say in each card what it is for."""
        review = inspection
        self.show_card("verdict-card", verdict_lines)
        self.show_card("numbers-card", number_lines)
        self.show_card("failed-card", partial(_with_most, failed_lines, 6 * twice))
        self.show_card("steps-card", step_lines, steps_note(review))
        self.show_card("findings-card", partial(_with_most, finding_lines, 5 * twice))
        self.show_card("artifact-card", artifact_lines)
        self.show_card("warnings-card", warning_lines)
        failing = any(check.status != "passed" for check in review.checks)
        for card, wanted in (("failed", failing), ("steps", review.changes), ("warnings", review.warnings)):
            self.query_one(f"#{card}-card").display = bool(wanted)
        verdict = self.query_one("#verdict-card")
        verdict.set_class(review.verdict == "fail", "-failed")
        verdict.set_class(review.verdict == "pass" and bool(review.checks), "-passed")


def _with_most(told, most: int, review: Review, width: int):  # type: ignore[no-untyped-def]
    return told(review, width, most)
