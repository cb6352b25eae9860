"""Rules for the whole suite: performance measures never run here, and in CI nothing but GPU tests may skip."""

from __future__ import annotations

import gc
import importlib.util
import os

import pytest

from tests.images.engine import docker_engine, docker_vfs_engine, podman_engine
from tests.images.starting import alone
from tests.saved_models.session import SavedModels, make_once
from tests.warm_children.process import fork_children

__all__ = ["docker_engine", "docker_vfs_engine", "podman_engine"]

NO_SKIPS = "MODELPACK_TUI_NO_SKIPS"

LONGEST = (
    "tests/e2e/test_optimized_saved_models.py",
    "tests/e2e/test_big_image.py",
    "tests/e2e/test_optimized_models.py",
    "tests/tui/test_optimize.py",
    "tests/e2e/test_saved_model_bench.py",
    "tests/e2e/test_saved_model_hostile.py",
    "tests/tui/test_benchmark.py",
    "tests/tui/test_workbench.py",
    "tests/tui/test_graph.py",
    "tests/tui/test_hostile_text.py",
    "tests/tui/test_image_hostile.py",
    "tests/cli/test_bench.py",
    "tests/unit/isolation/test_child.py",
)
"""Modules of half a minute and more, begun before all others so that none of them is still running alone at the end."""

ONE_AT_A_TIME = "one at a time on an engine"
"""The group of tests that take turns with an engine: in two workers, one would wait for the other."""

_skipped: list[str] = []


def pytest_sessionstart() -> None:
    fork_children()


@pytest.hookimpl(tryfirst=True)  # xdist reads the groups in the same hook
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if "performance" not in (config.option.markexpr or ""):
        items[:] = [item for item in items if item.get_closest_marker("performance") is None]
    for item in items:
        if _takes_turns(item):
            item.add_marker(pytest.mark.xdist_group(ONE_AT_A_TIME))
        elif _stays_with_its_module(item):
            item.add_marker(pytest.mark.xdist_group(item.nodeid.partition("::")[0]))
    items.sort(key=_place)


def pytest_collection_finish() -> None:
    """Keep the garbage collector from going through thousands of tests again and again."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(tryfirst=True)
def pytest_xdist_auto_num_workers() -> int:
    """One more than there are processors: a third of the time, tests wait for engines, timers and children."""
    return len(os.sched_getaffinity(0)) + 1 if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)


def _takes_turns(item: pytest.Item) -> bool:
    return getattr(getattr(item, "module", None), "alone", None) is alone


def _place(item: pytest.Item) -> int:
    """Return where it comes in the order: what takes longest first."""
    if _takes_turns(item):
        return -1
    module = item.nodeid.partition("::")[0]
    return LONGEST.index(module) if module in LONGEST else len(LONGEST)


def _stays_with_its_module(item: pytest.Item) -> bool:
    """Whether a worker runs it with the rest of its module: what that shares is made once, and small tests travel together.

    Long tests that share nothing are spread.
    """
    fixtures = getattr(item, "_fixtureinfo", None)
    defined = [] if fixtures is None else [one for found in fixtures.name2fixturedefs.values() for one in found]
    return "/e2e/" not in item.nodeid or any(one.scope == "module" for one in defined)


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


@pytest.fixture(scope="session")
def saved_models(tmp_path_factory: pytest.TempPathFactory) -> SavedModels:
    """Return the SavedModels that TensorFlow writes in a child, once for all workers; skips where it has no wheel."""
    if importlib.util.find_spec("tensorflow") is None:
        pytest.skip("TensorFlow has no wheel for this Python or platform")
    base = tmp_path_factory.getbasetemp()
    return make_once(base.parent if "PYTEST_XDIST_WORKER" in os.environ else base)
