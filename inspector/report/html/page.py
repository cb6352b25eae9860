"""The page as a whole: sections in their order, the templates that draw them, and what the browser may do with it."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Final

from inspector.records.review import Review
from inspector.report import sentences
from inspector.report.html.artifact import artifact_section, contract_section, graph_section, signatures_section
from inspector.report.html.banner import figures_of, verdict_of
from inspector.report.html.blocks import VERDICT_STYLES, Figure, Section, Verdict
from inspector.report.html.changes import changes_section, published_section
from inspector.report.html.checks import checks_section, findings_section
from inspector.report.html.comparison import comparison_section
from inspector.report.html.image import image_section
from inspector.report.html.numbers import measurements_section, numbers_section
from inspector.report.html.provenance import environment_section, method_section, reproduce_section, warnings_section
from inspector.report.html.saved_model import saved_model_section
from inspector.report.html.slimming import slimming_section
from inspector.report.plots import PLOT_CSS
from inspector.report.visible import visible

if TYPE_CHECKING:
    import jinja2

MOST_BYTES: Final = 5_000_000


@dataclass(frozen=True, slots=True)
class Page:
    """What a page says: what it is of, with facts about it, the banner, the figures, and sections below them; record names
    what all of its numbers are from."""

    name: str
    facts: Sequence[str]
    verdict: Verdict
    figures: Sequence[Figure]
    sections: Sequence[Section]
    environment: str
    record: str
    sha256: str = ""
    kind: str = "design review"


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of a long table, list or text is written: rows, and characters of a name and of a sentence."""

    rows: int
    name: int
    sentence: int


BRIEF: Final = 80
"""Characters of a name where there is no room for more: beside the page, below a number."""

LIMITS: Final = (Limits(200, 300, 1_200), Limits(80, 120, 400), Limits(25, 60, 160), Limits(5, 30, 60))
"""Tried in this order until a page is short enough."""

_BUILDERS: Final = (
    *(changes_section, slimming_section, numbers_section, measurements_section, checks_section, comparison_section),
    *(findings_section, artifact_section, signatures_section, graph_section, saved_model_section, image_section),
    *(contract_section, published_section, environment_section, method_section, warnings_section, reproduce_section),
)


def rendered(review: Review) -> str:
    """Return the page, of at most MOST_BYTES."""
    sections = [section for build in _BUILDERS for section in build(review)]
    for limits in LIMITS:
        page = drawn(_page_of(review, sections), limits)
        if len(page.encode()) <= MOST_BYTES:
            return page
    return drawn(_page_of(review, _without_plots(sections)), LIMITS[-1])


def _without_plots(sections: Sequence[Section]) -> list[Section]:
    return [section for section in sections if section.key not in ("numbers", "measurements")]


def _page_of(review: Review, sections: Sequence[Section]) -> Page:
    return Page(
        sentences.artifact_name(review.artifact),
        sentences.format_facts(review),
        verdict_of(review),
        figures_of(review),
        sections,
        sentences.environment_sentence(review),
        f"one review record (schema {review.schema})",
        review.artifact.sha256 or "",
    )


def drawn(page: Page, limits: Limits) -> str:
    """Return a page as HTML, each table and text within the limits."""
    style, script = stylesheet(), _source("report.js")
    template = _environment(limits).get_template("page.html.j2")
    parts = {part.name: getattr(page, part.name) for part in fields(page)}
    return template.render(policy=policy(style, script), style=style, script=script, **parts)


@cache
def stylesheet() -> str:
    """Return the one style sheet: that of plots, dark on screens only since paper is white, then that of the page."""
    plots = PLOT_CSS.replace("@media (prefers-color-scheme:dark)", "@media screen and (prefers-color-scheme:dark)")
    return plots + _source("report.css")


def policy(style: str, script: str) -> str:
    """Return the content security policy under which nothing runs, is dressed or loaded but this style and this script."""
    parts = ("default-src 'none'", f"style-src {_hash(style)}", f"script-src {_hash(script)}")
    return "; ".join((*parts, "base-uri 'none'", "form-action 'none'"))


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


@cache
def _source(name: str) -> str:
    return (resources.files("inspector.report.html") / name).read_text(encoding="utf-8").strip() + "\n"


@cache
def _environment(limits: Limits) -> jinja2.Environment:
    """Return where templates are made: every value is made visible, then escaped, and a name that is missing is an error."""
    import jinja2
    from markupsafe import Markup

    def printable(value: object) -> object:
        return value if isinstance(value, Markup) else visible(shortened(str(value), limits.sentence))

    made = jinja2.Environment(
        loader=jinja2.PackageLoader("inspector.report.html", "."),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=printable,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals["limits"] = limits
    made.globals["styles"] = VERDICT_STYLES
    made.filters["short"] = lambda text: shortened(text, limits.name)
    made.filters["brief"] = lambda text: shortened(text, min(limits.name, BRIEF))
    made.filters["whole"] = lambda count: f"{count:,}"
    made.filters["ready"] = Markup  # Only our own: the style, the script, and drawings whose text is escaped.
    made.filters["sortable"] = _sortable
    made.filters["width"] = lambda share: f"{max(0.0, min(float(share), 1.0)) * 100:.1f}"
    return made


def _sortable(value: float | None) -> str:
    """Return a number as a script reads it; what is no finite number comes last."""
    if value is None or value != value or value == float("-inf"):
        return "-Infinity"
    if abs(value) > 1e300:
        return "Infinity" if value > 0 else "-Infinity"
    return f"{value:.9g}"


def shortened(text: str, most: int) -> str:
    """Return at most so many characters of a text, its middle left out: both ends tell names apart."""
    if len(text) <= most:
        return text
    return f"{text[: most // 2]}…{text[len(text) - (most - most // 2 - 1) :]}"
