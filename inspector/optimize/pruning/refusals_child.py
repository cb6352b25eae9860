"""What TensorFlow raises while a SavedModel is pruned, as one line. In children only."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from inspector.errors import InspectorError, OperationFailed
from inspector.runtimes.tensorflow.messages import is_want_of_memory, refusal_text


@contextlib.contextmanager
def refusing(what: str) -> Iterator[None]:
    """Turn whatever is raised into OperationFailed that says what could not be done, want of memory into MemoryError."""
    try:
        yield
    except InspectorError:
        raise
    except Exception as error:  # TensorFlow's errors share no base class with Python's own that it raises, too
        text = refusal_text(error)
        if is_want_of_memory(error):
            raise MemoryError(text) from None
        raise OperationFailed(f"{what}: {text}") from None
