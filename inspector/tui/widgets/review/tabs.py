"""The tabs of a review: what each is called, when there is one, and the widget that draws it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from textual.content import Content
from textual.widget import Widget

from inspector.records.finding import SEVERITIES
from inspector.records.review import Review
from inspector.tui.widgets.tab_strip import Tab

_SEVERITY_STYLES = {"high": "$high bold", "medium": "$medium bold", "low": "$low", "info": "$soft"}
_FOUND_KEYS = "1234567890"


@dataclass(frozen=True, slots=True)
class ReviewTab:
    """One tab; make imports what draws it, path is that of the review."""

    id: str
    title: str
    has: Callable[[Review], object]
    make: Callable[[str], Widget]


def tabs_of(review: Review) -> list[ReviewTab]:
    """Return the tabs that a review has a use for, in order."""
    return [tab for tab in TABS if tab.has(review)]


def strip_tabs(review: Review) -> list[Tab]:
    """Return them as the strip shows them, with their keys, and counts where those matter."""
    tabs = tabs_of(review)
    return [_badged(Tab(tab.id, _FOUND_KEYS[at : at + 1], tab.title), review) for at, tab in enumerate(tabs)]


def _badged(tab: Tab, review: Review) -> Tab:
    from dataclasses import replace

    if tab.id == "checks":
        failed = sum(check.status == "failed" for check in review.checks)
        open_ones = sum(check.status == "unknown" for check in review.checks)
        text = f"✗{failed}" if failed else f"?{open_ones}" if open_ones else "✓"
        style = "$high bold" if failed else "$medium bold" if open_ones else "$good"
        return replace(tab, badge=text, badge_style=style)
    if tab.id == "findings" and review.findings:
        worst = min(review.findings, key=lambda one: SEVERITIES.index(one.severity)).severity
        return replace(tab, badge=str(len(review.findings)), badge_style=_SEVERITY_STYLES[worst])
    return tab


def _summary(_: str) -> Widget:
    from inspector.tui.widgets.review.summary import ReviewSummary

    return ReviewSummary()


def _checks(_: str) -> Widget:
    from inspector.tui.widgets.review.checks import checks_kind
    from inspector.tui.widgets.review.list_pane import ReviewListPane

    return ReviewListPane(checks_kind())


def _changes(_: str) -> Widget:
    from inspector.tui.widgets.review.changes import ChangesPane

    return ChangesPane()


def _benchmarks(_: str) -> Widget:
    from inspector.tui.widgets.review.benchmarks import SavedRunsPane

    return SavedRunsPane()


def _graph(_: str) -> Widget:
    from inspector.tui.widgets.review.outline import OutlinePane

    return OutlinePane()


def _operators(_: str) -> Widget:
    from inspector.tui.widgets.review.list_pane import ReviewListPane
    from inspector.tui.widgets.review.operators import operators_kind

    return ReviewListPane(operators_kind())


def _signatures(_: str) -> Widget:
    from inspector.tui.widgets.review.list_pane import ReviewListPane
    from inspector.tui.widgets.review.signatures import signatures_kind

    return ReviewListPane(signatures_kind())


def _layers(_: str) -> Widget:
    from inspector.tui.widgets.review.image_lists import layers_kind
    from inspector.tui.widgets.review.list_pane import ReviewListPane

    return ReviewListPane(layers_kind())


def _packages(_: str) -> Widget:
    from inspector.tui.widgets.review.image_lists import packages_kind
    from inspector.tui.widgets.review.list_pane import ReviewListPane

    return ReviewListPane(packages_kind())


def _waste(_: str) -> Widget:
    from inspector.tui.widgets.review.image_lists import waste_kind
    from inspector.tui.widgets.review.list_pane import ReviewListPane

    return ReviewListPane(waste_kind())


def _findings(_: str) -> Widget:
    from inspector.tui.widgets.review.findings import findings_kind
    from inspector.tui.widgets.review.list_pane import ReviewListPane

    return ReviewListPane(findings_kind())


def _comparison(_: str) -> Widget:
    from inspector.tui.widgets.review.saved_comparison import SavedComparisonPane

    return SavedComparisonPane()


def _text(id: str, told: Callable[[Review, int], Sequence[Content]]) -> Widget:
    from inspector.tui.widgets.review.text_pane import ReviewTextPane

    return ReviewTextPane(id, told)


def _image(_: str) -> Widget:
    from inspector.tui.widgets.review.sections import image_lines

    return _text("image", image_lines)


def _weights(_: str) -> Widget:
    from inspector.tui.widgets.review.list_pane import ReviewListPane
    from inspector.tui.widgets.review.weights import weights_kind

    return ReviewListPane(weights_kind())


def _saved_model(_: str) -> Widget:
    from inspector.tui.widgets.review.sections import saved_model_lines

    return _text("saved-model", saved_model_lines)


def _contract(_: str) -> Widget:
    from inspector.tui.widgets.review.sections import contract_lines

    return _text("contract", contract_lines)


def _method(path: str) -> Widget:
    from inspector.tui.widgets.review.method_text import method_lines

    return _text("method", partial(method_lines, path=path))


def _is_image(review: Review) -> bool:
    return review.image is not None and not review.image.artifact_type


TABS: Sequence[ReviewTab] = (
    ReviewTab("summary", "Summary", lambda _: True, _summary),
    ReviewTab("checks", "Checks", lambda review: review.checks, _checks),
    ReviewTab("changes", "Changes", lambda review: review.changes or review.published, _changes),
    ReviewTab("benchmarks", "Benchmark", lambda review: review.benchmarks or review.startup, _benchmarks),
    ReviewTab("graph", "Graph", lambda review: review.outline, _graph),
    ReviewTab("operators", "Operators", lambda review: review.graph, _operators),
    ReviewTab("weights", "Weights", lambda review: review.graph and review.graph.largest_weights, _weights),
    ReviewTab("signatures", "Signatures", lambda review: review.signatures, _signatures),
    ReviewTab("saved-model", "SavedModel", lambda review: review.saved_model, _saved_model),
    ReviewTab("image", "Image", lambda review: review.image, _image),
    ReviewTab("layers", "Layers", _is_image, _layers),
    ReviewTab("packages", "Packages", _is_image, _packages),
    ReviewTab("waste", "Waste", _is_image, _waste),
    ReviewTab("findings", "Findings", lambda review: review.findings or review.ignored, _findings),
    ReviewTab("comparison", "Comparison", lambda review: review.comparison, _comparison),
    ReviewTab("contract", "Contract", lambda review: review.contract, _contract),
    ReviewTab("method", "Method", lambda _: True, _method),
)
