"""Plots of a review as SVG: each a pure function from records to one inline <svg>, "" where there is nothing to plot.

Every plot is `<svg class="plot KIND" role="img" viewBox="0 0 WIDTH HEIGHT">` with a <title> and a <desc> that tells its
numbers. KIND is waterfall, cdf, ratios, sizes, treemap, pareto or graph. Colors come from classes alone (rules in
styles.PLOT_CSS, every one below .plot); attributes hold geometry. There are no styles, scripts, links or ids, text is
escaped, and the number of elements is bounded whatever the record holds. Times are ms, sizes bytes.

Classes, all of which PLOT_CSS dresses:

- words: label (what a row or an axis is), value (a figure), tick (a figure on an axis), heading (of a panel), muted (an aside),
  small (10 px where others are 12), strong, inside (on a filled tile or bar)
- ground: axis (the line of an axis), grid (lines across), frame (around a panel), stripe (every other row), reference (the
  line at a ratio of 1)
- subjects: before, after, control, on bar (a rect), curve (a line), swatch (in a legend), point
- bars: bar, hatch (lines over what is modelled, rejected or reclaimable), cpu (the share of processor time), modelled, total
- uncertainty: interval (whiskers), noise (the band that nothing is claimed in)
- verdicts: faster, slower, same, unmeasured; accepted, rejected, skipped, chosen, passed, failed
- pareto: point with an outcome, front (the line of what nothing else beats), equal (the band of no difference at all),
  timed-0 … timed-4 (filled by latency ratio: much faster … much slower), original
- treemap: tile with tile-0 … tile-7 (a category), rest (what "N more" stands for)
- graph: row, edge, portal (a tensor from far away), dot with input, output, node, fold; heat with heat-0 … heat-9, in groups
  heat-flops, heat-parameters, heat-time; the svg has show-flops, show-parameters or show-time, which says which of them is
  seen: a page switches by replacing that one class
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
