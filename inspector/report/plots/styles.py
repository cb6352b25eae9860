"""The style sheet of all plots: colors of Okabe and Ito, which color-blind people tell apart, for light, dark and print."""

from __future__ import annotations

from typing import Final

_LIGHT: Final = """\
--plot-ink:#1b1f24;--plot-muted:#59636e;--plot-grid:#e1e5ea;--plot-axis:#8b949e;--plot-paper:#ffffff;--plot-stripe:#f6f8fa;
--before:#0072b2;--after:#c75200;--control:#6e7781;--better:#007a5a;--worse:#b3400a;--heat:#e07b00;
--tile-0:#0072b2;--tile-1:#b85400;--tile-2:#007a5a;--tile-3:#8f4a78;--tile-4:#4a6b8a;--tile-5:#7a6a00;--tile-6:#59636e;
--tile-7:#8c3b2e;"""

_DARK: Final = """\
--plot-ink:#e6edf3;--plot-muted:#9aa4af;--plot-grid:#2d333b;--plot-axis:#6e7781;--plot-paper:#0d1117;--plot-stripe:#161b22;
--before:#56b4e9;--after:#f0a030;--control:#9aa4af;--better:#2fc79a;--worse:#ff8c52;--heat:#e07b00;
--tile-0:#1f6fa8;--tile-1:#a85410;--tile-2:#0f7a5c;--tile-3:#8f4a78;--tile-4:#4a6b8a;--tile-5:#756600;--tile-6:#59636e;
--tile-7:#94473a;"""

_WORDS: Final = """\
.plot{display:block;width:100%;height:auto;background:none;font-family:system-ui,-apple-system,"Segoe UI",Roboto,
"Helvetica Neue",Arial,sans-serif;font-size:12px;font-variant-numeric:tabular-nums;color:var(--plot-ink)}
.plot text{fill:var(--plot-ink);font-size:12px}
.plot text.small{font-size:10px}
.plot text.tick{fill:var(--plot-muted);font-size:11px}
.plot text.muted{fill:var(--plot-muted)}
.plot text.heading,.plot text.strong{font-weight:600}
.plot text.inside{fill:#fff}
.plot text.faster,.plot text.accepted{fill:var(--better);font-weight:600}
.plot text.slower,.plot text.rejected{fill:var(--worse);font-weight:600}
.plot text.same,.plot text.skipped{fill:var(--plot-muted)}
.plot text.before,.plot text.after,.plot text.control{font-weight:600}
.plot text.before{fill:var(--before)}.plot text.after{fill:var(--after)}.plot text.control{fill:var(--control)}
"""

_GROUND: Final = """\
.plot .axis{fill:none;stroke:var(--plot-axis);stroke-width:1}
.plot .grid{fill:none;stroke:var(--plot-grid);stroke-width:1}
.plot .stripe{fill:var(--plot-stripe)}
.plot .reference{fill:none;stroke:var(--plot-ink);stroke-width:1.2}
.plot .noise{fill:var(--plot-muted);fill-opacity:.28;stroke:none}
.plot .interval{fill:none;stroke:var(--plot-ink);stroke-width:1.3}
"""

_SUBJECTS: Final = """\
.plot .bar{stroke-width:1}
.plot .bar.before,.plot .swatch.before{fill:var(--before);fill-opacity:.3;stroke:var(--before)}
.plot .bar.after,.plot .swatch.after{fill:var(--after);fill-opacity:.95;stroke:var(--after)}
.plot .bar.control,.plot .swatch.control{fill:var(--control);fill-opacity:.3;stroke:var(--control)}
.plot .bar.accepted{fill:var(--better);fill-opacity:.9;stroke:var(--better)}
.plot .bar.rejected{fill:none;stroke:var(--worse);stroke-dasharray:4 2}
.plot .bar.skipped{fill:none;stroke:var(--plot-axis);stroke-dasharray:2 2}
.plot .bar.modelled{fill-opacity:.08;stroke-dasharray:3 2}
.plot .bar.reclaimable{fill:var(--worse);fill-opacity:.12;stroke:var(--worse)}
.plot .tail{fill:var(--plot-stripe);stroke:none}
.plot .hatch{fill:none;stroke:var(--plot-ink);stroke-opacity:.45;stroke-width:1}
.plot .cpu{fill:var(--plot-ink);fill-opacity:.75;stroke:none}
.plot .curve{fill:none;stroke-linejoin:round}
.plot .curve.before{stroke:var(--before);stroke-width:1.6}
.plot .curve.after{stroke:var(--after);stroke-width:2.8}
.plot .curve.control{stroke:var(--control);stroke-width:1.4;stroke-dasharray:2 3}
.plot .point{fill:var(--plot-paper);stroke:var(--plot-ink);stroke-width:1.4}
.plot .point.before{stroke:var(--before)}
.plot .point.after{fill:var(--after);stroke:var(--after)}
.plot .point.faster{fill:var(--better);stroke:var(--better)}
.plot .point.slower{fill:var(--worse);stroke:var(--worse)}
.plot .interval.faster{stroke:var(--better);stroke-width:2}
.plot .interval.slower{stroke:var(--worse);stroke-width:2}
.plot .interval.same{stroke:var(--plot-muted);stroke-width:2}
"""

_PARETO: Final = """\
.plot.pareto text{paint-order:stroke;stroke:var(--plot-paper);stroke-width:3px;stroke-linejoin:round}
.plot .front{fill:none;stroke:var(--plot-muted);stroke-width:1.4;stroke-dasharray:5 3}
.plot .equal{fill:var(--plot-stripe);stroke:none}
.plot .leader{fill:none;stroke:var(--plot-axis);stroke-width:.8}
.plot .point.original{fill:var(--plot-ink);stroke:var(--plot-ink)}
.plot .point.chosen{stroke-width:2.4}
.plot .point.rejected,.plot .point.failed{fill:none;stroke:var(--worse)}
.plot .timed-0{fill:#005c44}.plot .timed-1{fill:#2f9e78}.plot .timed-2{fill:#b4bac1}
.plot .timed-3{fill:#f3bd86}.plot .timed-4{fill:#ffe9c7}
"""

_TREEMAP: Final = (
    """\
.plot .tile{stroke:var(--plot-paper);stroke-width:1.5}
.plot .tile.rest{fill:var(--plot-muted)}
.plot .tile-hatch{fill:none;stroke:#fff;stroke-opacity:.4;stroke-width:1}
.plot.treemap text.inside{paint-order:stroke;stroke:#000;stroke-opacity:.35;stroke-width:2px;stroke-linejoin:round}
"""
    + "".join(f".plot .tile-{index}{{fill:var(--tile-{index})}}" for index in range(8))
    + "\n"
)

_HEAT_STEP: Final = 0.062

_GRAPH: Final = (
    """\
.plot .edge{fill:none;stroke:var(--plot-axis);stroke-width:1.4}
.plot .portal{fill:none;stroke:var(--plot-axis);stroke-width:1.2;stroke-dasharray:2 2}
.plot .dot{fill:var(--plot-paper);stroke:var(--plot-ink);stroke-width:1.5}
.plot .dot.input,.plot .dot.output{fill:var(--before);stroke:var(--before)}
.plot .dot.fold{fill:var(--plot-ink)}
.plot.graph .row text.tick{fill:var(--plot-ink)}
.plot.graph .row text.muted{fill:var(--plot-ink);fill-opacity:.75}
.plot .heat{display:none;stroke:none}
.plot.show-flops .heat-flops,.plot.show-parameters .heat-parameters,.plot.show-time .heat-time{display:inline}
.plot.show-flops .of-flops,.plot.show-parameters .of-parameters,.plot.show-time .of-time{font-weight:600}
"""
    + "".join(f".plot .heat-{step}{{fill:var(--heat);fill-opacity:{step * _HEAT_STEP:.3f}}}" for step in range(10))
    + "\n"
)

PLOT_CSS: Final = (
    f":root{{{_LIGHT}}}\n"
    f"@media (prefers-color-scheme:dark){{:root:not([data-theme=light]){{{_DARK}}}}}\n"
    f":root[data-theme=dark]{{{_DARK}}}\n"
    f"@media print{{:root,:root[data-theme=dark]{{{_LIGHT}}}.plot{{break-inside:avoid;print-color-adjust:exact}}}}\n"
    + _WORDS
    + _GROUND
    + _SUBJECTS
    + _PARETO
    + _TREEMAP
    + _GRAPH
)
"""Rules for every class of the plots; colors are custom properties (--before, --after, --heat, --tile-0 …) of :root, dark by
the reader's preference unless <html data-theme="light"> says otherwise, or by <html data-theme="dark">."""
