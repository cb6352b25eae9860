"""Rules for the whole suite: performance measures never run here, and in CI nothing but GPU tests may skip."""

from __future__ import annotations

import os

import pytest

NO_SKIPS = "MODELPACK_TUI_NO_SKIPS"

_skipped: list[str] = []


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if "performance" in (config.option.markexpr or ""):
        return
    items[:] = [item for item in items if item.get_closest_marker("performance") is None]


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.skipped and not hasattr(report, "wasxfail") and "gpu" not in report.keywords:
        _skipped.append(report.nodeid)


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    if os.environ.get(NO_SKIPS) and _skipped and exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if os.environ.get(NO_SKIPS) and _skipped:
        terminalreporter.section("only GPU tests may skip here", red=True)
        for nodeid in _skipped:
            terminalreporter.line(nodeid)
