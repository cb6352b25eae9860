"""What TensorFlow says, as it says it, becomes one line without its stack traces."""

from __future__ import annotations

import pytest

from inspector.runtimes.tensorflow.messages import SLOTS_REFUSED, is_want_of_memory, refusal_text

WITH_TRACE = """Graph execution error:

Detected at node read defined at (most recent call last):
  File "/somewhere/serve.py", line 55, in open

  File "/somewhere/site-packages/tensorflow/load.py", line 89, in load

Could not find variable w. This could mean that the variable has been deleted.
\t [[{{node read}}]] [Op:__inference_pruned_19]"""

WITHOUT_TRACE = """Graph execution error:

Detected at node dense/MatMul defined at (most recent call last):
<stack traces unavailable>
Matrix size-incompatible: In[0]: [1,5], In[1]: [6,3]
\t [[{{node dense/MatMul}}]] [Op:__inference_signature_wrapper_5]"""

OLDER = """Graph execution error:

Detected at node 'lookup' defined at (most recent call last):
Node: 'lookup'
Table not initialized.
\t [[{{node lookup}}]]"""

ELSEWHERE = """Graph execution error:

Detected at node init/Table defined at (most recent call last):
<stack traces unavailable>
/etc/vocabulary; No such file or directory
\t [[{{node init/Table}}]] [Op:__inference_restored_function_body_231]
 You may be trying to load on a different device from the computational device. Consider setting the option."""


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (WITH_TRACE, "node read: Could not find variable w. This could mean that the variable has been deleted"),
        (WITHOUT_TRACE, "node dense/MatMul: Matrix size-incompatible: In[0]: [1,5], In[1]: [6,3]"),
        (OLDER, "node lookup: Table not initialized"),
        (ELSEWHERE, "node init/Table: /etc/vocabulary; No such file or directory"),
        ("Op type not registered 'X' in binary running on host. Make sure the Op…", "Op type not registered 'X'"),
        ("'_UserObject' object has no attribute 'add_slot'", SLOTS_REFUSED),
        ("evil \x1b]52;c;aGk=\x07 text\nof two lines", "evil text of two lines"),
        ("", "ValueError"),
    ],
)
def test_a_refusal_is_one_line_that_names_the_node(said: str, expected: str) -> None:
    assert refusal_text(ValueError(said)) == expected


def test_messages_in_several_parts_are_put_together() -> None:
    assert (
        refusal_text(ValueError("There is a cycle. ", "Could not resolve ['f']."))
        == "There is a cycle. Could not resolve ['f']"
    )


def test_a_message_without_end_is_cut() -> None:
    assert len(refusal_text(ValueError("x" * 10_000_000))) <= 240


class ResourceExhaustedError(Exception):
    """Named as TensorFlow's own."""


def test_want_of_memory_is_told_from_other_errors() -> None:
    assert is_want_of_memory(ResourceExhaustedError("OOM when allocating tensor"))
    assert is_want_of_memory(MemoryError())
    assert is_want_of_memory(RuntimeError("std::bad_alloc"))
    assert not is_want_of_memory(RuntimeError("Table not initialized"))
