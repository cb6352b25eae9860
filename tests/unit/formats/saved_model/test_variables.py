"""What a variable is for, told from who reads it and from where the checkpoint keeps it."""

from __future__ import annotations

import pytest

from inspector.formats.saved_model.variables import Variable, role_of
from inspector.records.saved_model import VariableRole

TRAINED = "optimizer/_trainable_variables/3/.ATTRIBUTES/VARIABLE_VALUE"
MOMENTUM = "optimizer/_variables/2/.ATTRIBUTES/VARIABLE_VALUE"
METRIC = "keras_api/metrics/0/total/.ATTRIBUTES/VARIABLE_VALUE"
OWN = "_layers/2/moving_mean/.ATTRIBUTES/VARIABLE_VALUE"


def role(key: str, dtype: str = "float32", *, served: bool = False, trainable: bool = False, path: str = "") -> VariableRole:
    """Return the role of a variable of no slot."""
    return role_of(Variable("v", key.encode(), dtype, (2,), trainable, path=path, is_served=served), key)


@pytest.mark.parametrize("key", [TRAINED, MOMENTUM, METRIC, OWN])
@pytest.mark.parametrize(("dtype", "expected"), [("float32", "parameter"), ("complex64", "parameter"), ("int64", "state")])
def test_what_a_signature_reads_serves_whatever_its_path(key: str, dtype: str, expected: VariableRole) -> None:
    assert role(key, dtype, served=True) == expected


def test_a_trainable_integer_that_a_signature_reads_is_a_parameter() -> None:
    assert role(TRAINED, "int8", served=True, trainable=True) == "parameter"


@pytest.mark.parametrize("served", [True, False])
def test_weights_under_the_optimizer_of_keras_3_are_parameters(served: bool) -> None:
    assert role(TRAINED, served=served, trainable=True) == "parameter"
    assert role("", served=served, trainable=True, path="root.optimizer._trainable_variables[3]") == "parameter"


def test_what_only_training_reads_keeps_the_role_that_its_path_tells() -> None:
    assert role(MOMENTUM) == role("", path="root.optimizer._variables[2]") == "optimizer"
    assert role(METRIC) == "training"
    assert role(OWN) == "parameter"


def test_a_slot_is_an_optimizers_even_where_a_signature_reads_it() -> None:
    assert role_of(Variable("v/m", b"", "float32", (2,), slot="m", is_served=True), "") == "optimizer"
