"""A child that does as others do, until it comes to an artifact that ends it."""

from __future__ import annotations

import os
import signal

from inspector.isolation.child_main import Reporter
from inspector.records.index import IndexRow
from inspector.workflows.many import review_child
from inspector.workflows.many.orders import Order


def review_some(order: Order, report: Reporter) -> tuple[IndexRow, ...]:
    """Review artifacts one after the other; one that is called deadly kills this process, as broken native code does."""
    rows: list[IndexRow] = []
    for item in order.items:
        if "deadly" in item.named:
            os.kill(os.getpid(), signal.SIGSEGV)
        rows += review_child.review_some(Order((item,), order.settings), report)
        report.partial(tuple(rows))
    return tuple(rows)
