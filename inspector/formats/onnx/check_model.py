"""Whether a model is what ONNX says a model is: onnx.checker in a child process, in one line."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from inspector.formats.clean_text import one_line
from inspector.formats.onnx.check_model_answer import CheckAnswer, CheckRequest
from inspector.isolation.child import ChildFailed, run_child
from inspector.isolation.limits import NUMPY_ON_ONE_THREAD, CancelToken, Limits
from inspector.isolation.plain_line import plain_line
from inspector.records.event import Steps, finish

ENTRY: Final = "inspector.formats.onnx.check_model_child:check_in_child"


def check_model(
    path: str,
    limits: Limits = Limits(),  # noqa: B008 - frozen
    cancel: CancelToken | None = None,
    original: str = "",
) -> Steps[str]:
    """Return why onnx.checker refuses the model at path, empty where it does not: structure, operators, then full inference.

    External data is only looked for, never loaded. A version of ONNX that the installed package does not know is said. With
    the path of an original, what is refused in it, too, for the same reason is no reason. Raises ChildFailed where cancelled
    and UnreadableArtifact; a checker that crashes, hangs or runs out of memory is a reason.
    """
    answer = yield from _check(path, limits, cancel)
    if not answer.reason or not original:
        return answer.reason
    before = yield from _check(original, limits, cancel)
    return "" if (before.stage, before.kind) == (answer.stage, answer.kind) else answer.reason


def _check(path: str, limits: Limits, cancel: CancelToken | None) -> Steps[CheckAnswer]:
    file = Path(path).absolute()
    title = f"onnx.checker on {one_line(file.name)}"
    request = CheckRequest(os.fsencode(file))
    try:
        finished = yield from finish(
            run_child(ENTRY, request, CheckAnswer, limits, cancel, title=title, environment=NUMPY_ON_ONE_THREAD)
        )
    except ChildFailed as error:
        if error.kind == "cancelled":
            raise
        return CheckAnswer(error.message, "crash", error.kind)
    answer = finished.result
    return CheckAnswer(plain_line(answer.reason), answer.stage, answer.kind)
