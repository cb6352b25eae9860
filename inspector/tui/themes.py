"""Our two themes: one ink, one accent, a line color, four severities and six lane colors, named alike in both.

Every text color reaches a contrast of 4.5:1 on every background it is used on; a test computes it.
"""

from __future__ import annotations

from textual.theme import Theme

DARK = "modelpack-dark"
LIGHT = "modelpack-light"


def _theme(name: str, dark: bool, tones: dict[str, str]) -> Theme:
    variables = {
        **tones,
        "border": tones["accent-text"],
        "border-blurred": tones["line"],
        "block-cursor-background": tones["cursor"],
        "block-cursor-foreground": tones["ink"],
        "block-cursor-blurred-background": tones["cursor-blurred"],
        "block-cursor-blurred-foreground": tones["ink"],
        "block-hover-background": tones["cursor-blurred"],
        "input-cursor-background": tones["ink"],
        "input-cursor-foreground": tones["page"],
        "input-selection-background": tones["cursor"],
        "scrollbar": tones["line"],
        "scrollbar-hover": tones["soft"],
        "scrollbar-active": tones["accent-text"],
        "scrollbar-background": tones["page"],
        "scrollbar-background-hover": tones["page"],
        "scrollbar-background-active": tones["page"],
        "scrollbar-corner-color": tones["page"],
    }
    return Theme(
        name=name,
        primary=tones["accent-text"],
        secondary=tones["violet"],
        accent=tones["accent-text"],
        warning=tones["medium"],
        error=tones["high"],
        success=tones["good"],
        foreground=tones["ink"],
        background=tones["page"],
        surface=tones["page"],
        panel=tones["band"],
        dark=dark,
        text_alpha=1.0,
        variables=variables,
    )


_DARK_TONES = {
    "page": "#14171e",
    "band": "#1e2330",
    "ink": "#e2e7f0",
    "soft": "#9aa6bd",
    "line": "#3a4356",
    "accent-text": "#7cc4ff",
    "cursor": "#22384f",
    "cursor-blurred": "#232a38",
    "bar": "#4489bf",
    "bar-alt": "#8471bd",
    "bar-rest": "#2a3141",
    "high": "#ff8078",
    "medium": "#f2b45c",
    "low": "#7cc4ff",
    "info": "#9aa6bd",
    "good": "#82d992",
    "violet": "#c4a9ff",
    "lane-1": "#7cc4ff",
    "lane-2": "#82d992",
    "lane-3": "#f2b45c",
    "lane-4": "#c4a9ff",
    "lane-5": "#ff93a8",
    "lane-6": "#62d6c9",
}

_LIGHT_TONES = {
    "page": "#fbfbfa",
    "band": "#e8ecf2",
    "ink": "#1b2330",
    "soft": "#525d71",
    "line": "#b9c2d0",
    "accent-text": "#0a5aa8",
    "cursor": "#cfe2f7",
    "cursor-blurred": "#e4e9f0",
    "bar": "#3a86c8",
    "bar-alt": "#8a6fc4",
    "bar-rest": "#e1e6ed",
    "high": "#ad1f1a",
    "medium": "#7d4f00",
    "low": "#0a5aa8",
    "info": "#525d71",
    "good": "#1a662f",
    "violet": "#6a37b0",
    "lane-1": "#0a5aa8",
    "lane-2": "#1a662f",
    "lane-3": "#7d4f00",
    "lane-4": "#6a37b0",
    "lane-5": "#a3214f",
    "lane-6": "#0b615e",
}

THEMES = (_theme(DARK, True, _DARK_TONES), _theme(LIGHT, False, _LIGHT_TONES))
