"""Plots of a review as SVG: each a pure function from records to one inline <svg>, "" where there is nothing to plot.

Every plot is `<svg class="plot KIND" role="img" viewBox="0 0 WIDTH HEIGHT">` with a <title> and a <desc> that tells its
numbers. KIND is waterfall, cdf, ratios, sizes, treemap, pareto or graph. Colors come from classes alone (rules in
styles.PLOT_CSS, every one below .plot); attributes hold geometry. There are no styles, scripts, links or ids, text is
escaped, and the number of elements is bounded whatever the record holds. Times are ms, sizes bytes.

Classes; PLOT_CSS dresses them, but for those that only name what they are on:

- words: label (what a row or an axis is), value (a figure), tick (a figure on an axis, 11 px), heading (of a panel), muted (an
  aside), small (10 px where others are 12), strong, inside (on a tile)
- ground: axis (the line of an axis), grid (lines across), stripe (every other row), reference (the line at a ratio of 1), tail
  (the strip of a time axis that shows far out runs)
- subjects: before, after, control, on bar (a rect), curve (a line), point, text, and swatch (in a legend)
- bars: bar, hatch (lines over what is modelled, rejected or reclaimable), cpu (the share of processor time), modelled, total,
  compressed, reclaimable
- uncertainty: interval (whiskers; in sizes the size before a step), noise (the band that nothing is claimed in)
- verdicts: faster, slower, same; accepted, rejected, skipped, chosen, passed, failed
- pareto: point with an outcome, original, front (what nothing else beats), equal (the band of no difference at all), leader
  (from a label to its point), timed-0 … timed-4 (latency ratio: much faster … much slower, dark to light)
- treemap: tile with tile-0 … tile-7 (a category), rest (what "N more" stands for), tile-hatch (what is wasted)
- graph: row with input, output, node or fold; edges, edge, portal (a tensor from far away); dot with input, output, node, fold;
  heats, in it for each metric heat with heat-flops, heat-parameters or heat-time, in that heat-0 … heat-9; of-flops,
  of-parameters, of-time on figures; the svg has show-flops, show-parameters or show-time, which says which heat is seen: a
  page switches by replacing that one class
"""

from inspector.report.plots.cdf import cdf
from inspector.report.plots.graph import graph
from inspector.report.plots.pareto import pareto
from inspector.report.plots.ratios import ratios
from inspector.report.plots.sizes import sizes
from inspector.report.plots.styles import PLOT_CSS
from inspector.report.plots.treemap import treemap
from inspector.report.plots.waterfall import waterfall

__all__ = ["PLOT_CSS", "cdf", "graph", "pareto", "ratios", "sizes", "treemap", "waterfall"]
