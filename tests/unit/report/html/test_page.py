"""The page as a document: well-formed, in one piece, reachable by keyboard and reader, and the same every time."""

from __future__ import annotations

import base64
import hashlib
import re
from itertools import pairwise
from xml.etree import ElementTree

import pytest

from inspector.report.html import to_html
from tests.html_reviews import REVIEWS
from tests.unit.report.html.pages import Element, read

HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
ALLOWED = set(
    "html head meta title style body a header p div span nav ol li main h1 h2 h3 h4 h5 section ul dl dt dd figure figcaption "  # noqa: SIM905
    "table caption thead tbody tr th td code pre details summary footer script svg desc g rect line path circle polygon text"
    .split()
)  # fmt: skip


@pytest.fixture(scope="module", params=REVIEWS, ids=str)
def text(request: pytest.FixtureRequest) -> str:
    return to_html(REVIEWS[request.param]())


@pytest.fixture(scope="module")
def page(text: str) -> Element:
    return read(text)


def test_it_is_made_of_known_elements_without_styles_handlers_or_addresses(page: Element) -> None:
    for one in page.walk():
        assert one.name in ALLOWED | {""}
        assert not [name for name in one.attributes if name.startswith("on") or name in ("style", "src", "srcset", "action")]
        assert one.attributes.get("href", "#").startswith("#")


def test_nothing_outside_is_named(text: str) -> None:
    assert not re.search(r"url\(|@import|@font-face", text)
    links = [found for found in re.findall(r"https?:", re.sub(r'xmlns="[^"]*"', "", text)) if found]
    shown = read(text).raw_text()
    assert len(links) == len(re.findall(r"https?:", shown)), "addresses may stand in text, never in markup"


def test_the_policy_allows_this_style_and_this_script_and_nothing_else(page: Element) -> None:
    policy = next(one for one in page.all("meta") if one.attributes.get("http-equiv") == "Content-Security-Policy")
    parts = dict(part.split(" ", 1) for part in policy.attributes["content"].split("; "))
    assert parts["default-src"] == "'none'"
    for directive, name in (("style-src", "style"), ("script-src", "script")):
        (element,) = page.all(name)
        digest = base64.b64encode(hashlib.sha256(element.raw_text().encode()).digest()).decode()
        assert parts[directive] == f"'sha256-{digest}'"
    assert set(parts) == {"default-src", "style-src", "script-src", "base-uri", "form-action"}


def test_headings_begin_with_one_and_skip_no_level(page: Element) -> None:
    levels = [int(one.name[1]) for one in page.all(*HEADINGS)]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert all(one.text() for one in page.all(*HEADINGS))


def test_landmarks_language_and_the_way_past_them(page: Element) -> None:
    (root,) = page.all("html")
    assert root.attributes["lang"] == "en"
    assert [len(page.all(name)) for name in ("main", "nav", "header", "footer")] == [1] * 4
    assert page.all("head")[0].all("title")[0].text().endswith("design review")
    skip = page.all("a")[0]
    assert "skip" in skip.attributes["class"]
    ids = [one.attributes["id"] for one in page.walk() if "id" in one.attributes]
    assert len(ids) == len(set(ids))
    assert {link.attributes["href"][1:] for link in page.all("a")} <= set(ids)
    assert {one.attributes["aria-labelledby"] for one in page.walk() if "aria-labelledby" in one.attributes} <= set(ids)


def test_every_section_is_in_the_contents_in_order(page: Element) -> None:
    (nav,), (main,) = page.all("nav"), page.all("main")
    listed = [link.attributes["href"][1:] for link in nav.all("a")]
    assert listed == [one.attributes["id"] for one in main.all("section") if "id" in one.attributes]
    assert listed[0] == "verdict"
    assert all(len(one.children) > 3 for one in main.all("section"))


def test_tables_have_captions_heads_and_as_many_cells_in_every_row(page: Element) -> None:
    for table in page.all("table"):
        (caption,) = table.all("caption")
        assert caption.text()
        heads = table.all("th")
        assert all(head.attributes["scope"] == "col" and head.text() for head in heads)
        rows = [row for body in table.all("tbody") for row in body.all("tr")]
        assert rows
        assert {len(row.all("td")) for row in rows} == {len(heads)}
        for cell in table.all("td"):
            if "data-value" in cell.attributes:
                assert isinstance(float(cell.attributes["data-value"]), float)


def test_plots_are_well_formed_and_tell_what_they_show(text: str) -> None:
    for drawing in re.findall(r"<svg.*?</svg>", text, re.DOTALL):
        root = ElementTree.fromstring(drawing)
        if root.get("aria-hidden") != "true":
            assert root.get("role") == "img"
            assert [child.tag.rpartition("}")[2] for child in root[:2]] == ["title", "desc"]


def test_the_same_review_gives_the_same_page() -> None:
    assert to_html(REVIEWS["full"]()) == to_html(REVIEWS["full"]())


def test_the_full_review_has_every_section_of_a_model() -> None:
    (main,) = read(to_html(REVIEWS["full"]())).all("main")
    keys = [one.attributes["id"] for one in main.all("section") if "id" in one.attributes]
    assert keys == [
        *(
            "verdict",
            "changes",
            "numbers",
            "measurements",
            "checks",
            "comparison",
            "findings",
            "artifact",
            "signatures",
            "graph",
        ),
        *("contract", "publishing", "environment", "method", "warnings", "reproduce"),
    ]
    kinds = [one.attributes["class"].split()[1] for one in main.with_class("plot") if "strip" not in one.attributes["class"]]
    assert kinds == ["sizes", "pareto", "ratios", "waterfall", "cdf", "treemap", "graph"]


@pytest.mark.parametrize(("name", "key"), [("served", "saved-model"), ("image", "image"), ("slimmed", "slimming")])
def test_what_an_artifact_does_not_have_is_absent(name: str, key: str) -> None:
    page = read(to_html(REVIEWS[name]()))
    assert page.by_id(key) is not None
    absent = {"saved-model", "image", "slimming", "comparison", "publishing", "measurements"} - {key, "image"}
    assert not [one for one in absent if page.by_id(one) is not None]
