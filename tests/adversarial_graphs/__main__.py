"""Print, as a Markdown table, what each converter makes of each graph by itself, and what the fp16 step makes of it."""

from __future__ import annotations

import tempfile
from pathlib import Path

from inspector.errors import InspectorError
from inspector.isolation.child import run_child
from inspector.isolation.limits import Limits
from inspector.optimize.half_precision import HalfPrecision
from inspector.records.optimization import OptimizeSettings
from tests.adversarial_graphs.alone_child import AloneRequest
from tests.adversarial_graphs.case import AdversarialGraph, feeds
from tests.adversarial_graphs.catalogue import MAKERS
from tests.adversarial_graphs.judging import evaluates, outputs_of, problem_of, reference_outputs, verdict
from tests.e2e.test_half_precision import applied, subject_of

CONVERTERS = ("onnxruntime", "onnxconverter-common", "onnxsim")

ENTRY = "tests.adversarial_graphs.alone_child:convert_alone"

SEED = 7


def alone(graph: AdversarialGraph, converter: str, folder: Path) -> str:
    """Return what a converter alone makes of a graph, in a few words."""
    output = folder / f"{converter}.onnx"
    (folder / "model.onnx").write_bytes(graph.model.SerializeToString())
    request = AloneRequest(str(folder / "model.onnx"), converter, str(output))
    try:
        for event in run_child(ENTRY, request, str, Limits(2 << 30, 60), title=converter):
            assert event is not None
    except InspectorError as error:
        return f"fails: {error.message.partition(' failed: ')[2] or error.message}"
    given = feeds(graph, SEED)
    exact = outputs_of(graph.model.SerializeToString(), given)
    if problem := verdict(output, given, exact):
        return problem
    if evaluates(graph, given, exact):
        try:
            problem = problem_of(reference_outputs(str(output), given), exact)
        except Exception as error:  # the evaluator's errors share no base class
            problem = str(error)
        if problem:
            return f"wrong in fp16 arithmetic: {problem}"
    return "right"


def step(graph: AdversarialGraph, folder: Path) -> str:
    """Return what the fp16 step makes of a graph, in a few words."""
    preflight = HalfPrecision().requires(subject_of(graph, folder), OptimizeSettings())
    if preflight.nothing_to_do:
        return preflight.reason
    outcome = applied(graph, folder)
    if outcome.best is None:
        return outcome.reason
    given = feeds(graph, SEED)
    exact = outputs_of(graph.model.SerializeToString(), given)
    problem = problem_of(outputs_of(outcome.best.path, given), exact)
    return f"{problem or 'right'}: {outcome.best.name}"


def main() -> None:
    """Print the table."""
    print("| graph | " + " alone | ".join(CONVERTERS) + " alone | fp16 step |")
    print("|---" * (len(CONVERTERS) + 2) + "|")
    for make in MAKERS:
        graph = make()
        with tempfile.TemporaryDirectory() as folder:
            cells = [alone(graph, converter, Path(folder)) for converter in CONVERTERS]
            cells.append(step(graph, Path(folder)))
        print("| " + " | ".join([graph.name, *(_cell(text) for text in cells)]) + " |", flush=True)


def _cell(text: str) -> str:
    line = " ".join(text.replace("|", "/").split())
    return line if len(line) <= 110 else line[:107] + "…"


if __name__ == "__main__":
    main()
