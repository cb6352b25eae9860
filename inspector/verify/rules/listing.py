"""What rules can look at, as text for a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from inspector.analysis.known_findings import known_findings
from inspector.verify.rules.figures import OPEN_NAMES, fixed_figures

_HEAD = """\
a review fails if a rule holds: FIGURE OPERATOR LIMIT, such as 'size_bytes > 300MB'

operators  >  >=  <  <=  ==  !=
limits     300MB 1.5GiB · 20ms 1.5s · 5% · 100 30M · words (verdict == fail)
           1.05x  times what it was before (the original, or the baseline)
           +5% -10% +2 +1MB  compared with the baseline (--baseline REVIEW.json)
what is not known, or whose interval contains the limit, is unknown, which is
never passed: the review fails unless --allow-unknown says otherwise

"""

_WIDTH = 34


def figures_table() -> str:
    """Return the table of all figures, with a line for each: name, what it is, and its unit."""
    return _HEAD + "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    rules = known_findings()
    for figure in fixed_figures().values():
        name = figure.name
        if name.removeprefix("findings.") not in rules:
            unit = f" ({', '.join(figure.words)})" if figure.words else f" [{figure.unit}]"
            yield f"{name:{_WIDTH}}  {figure.what}{unit}"
    yield from (f"{name:{_WIDTH}}  {what}" for name, what in OPEN_NAMES.items())
    yield ""
    yield "findings.<rule>, where the rule is one of"
    yield from (f"  {name:{_WIDTH}}  {rule.what}" for name, rule in sorted(rules.items()))
