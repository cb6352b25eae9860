"""Colors of words on their grounds, computed from the custom properties of the page: at least 4.5 : 1, light and dark."""

from __future__ import annotations

import re

import pytest

from inspector.report.html.page import stylesheet

LEAST = 4.5
PAIRS = [
    *(("ink", ground) for ground in ("paper", "soft", "note-ground", "good-ground", "bad-ground", "warn-ground")),
    *(("muted", "paper"), ("muted", "soft"), ("link", "paper"), ("link", "bad-ground"), ("link", "note-ground")),
    *((word, f"{word}-ground") for word in ("good", "bad", "warn", "note")),
    *((word, "paper") for word in ("good", "bad", "warn", "note")),
    ("paper", "ink"),
]
"""What is written in which color on which ground."""


def properties(selector: str) -> dict[str, str]:
    """Return the colors that all rules with a selector set, by name."""
    rules = re.findall(re.escape(selector) + r"\s*\{([^}]*)\}", stylesheet())
    assert rules
    return {name: value for rule in rules for name, value in re.findall(r"--([a-z-]+):\s*(#[0-9a-f]{6})", rule)}


THEMES = {
    "light": properties(":root"),
    "dark": properties(":root[data-theme=dark]"),
    "dark by preference": properties(":root:not([data-theme=light])"),
}


def luminance(color: str) -> float:
    """Return the relative luminance of "#rrggbb", after WCAG 2.2."""
    channels = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Return the ratio of contrast of two colors, 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("ink", "ground"), PAIRS)
def test_words_stand_out(theme: str, ink: str, ground: str) -> None:
    colors = THEMES[theme]
    assert contrast(colors[ink], colors[ground]) >= LEAST


def test_the_measure_itself() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_every_color_of_a_word_is_a_property_that_every_theme_sets() -> None:
    named = set(re.findall(r"var\(--([a-z-]+)\)", stylesheet().split("* { box-sizing", 1)[1]))
    for theme in THEMES.values():
        assert named - {"before"} <= set(theme)


def test_paper_is_white_whatever_the_reader_prefers() -> None:
    dark = re.findall(r"@media[^{]*prefers-color-scheme[^{]*", stylesheet())
    assert len(dark) >= 2
    assert all("screen" in rule for rule in dark)
