"""The comparison that a review holds, on the pane of the compare screen."""

from __future__ import annotations

from inspector.records.difference import SideBySide
from inspector.records.review import Review
from inspector.tui.widgets.compare.pane import ComparePane
from inspector.tui.widgets.compare.shown import Shown, names_of


class SavedComparisonPane(ComparePane):
    """What told the artifact apart from another one when the review was made."""

    def show(self, review: Review) -> None:
        """Show the comparison of a review."""
        comparison = review.comparison
        if comparison is None:
            return
        names = names_of(review.artifact, comparison.other)
        shown = Shown(names, SideBySide(comparison), None, (review.signatures, comparison.other_signatures))
        if self.is_mounted:
            self.show_comparison(shown)
        else:
            self.call_later(self.show_comparison, shown)
