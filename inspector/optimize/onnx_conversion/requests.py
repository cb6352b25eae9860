"""What goes to the child process that converts, and what comes back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from inspector.optimize.onnx_conversion.rungs import Rung
from inspector.records.optimization import InputSet
from inspector.records.runnable import Runnable


@dataclass(frozen=True, slots=True)
class SignatureRequest:
    """Convert the signature of a call into a file at target, an absolute path; inputs are some it can be called with."""

    call: Runnable
    inputs: InputSet
    target: str


@dataclass(frozen=True, slots=True)
class ConversionRequest:
    """Convert every signature, each by the first of the rungs that makes a valid model of it.

    scratch is a folder that a loadable copy may be written into; externally: weights beside the models, as they must be where
    a model has 2 GiB or more.
    """

    signatures: tuple[SignatureRequest, ...]
    rungs: tuple[Rung, ...]
    scratch: str
    externally: bool = False


@dataclass(frozen=True, slots=True)
class ConvertedSignature:
    """A signature as an ONNX model at path, and the place in the request's rungs of the one that made it.

    renamed: signature's name -> file's name, where it had to differ; repairs: what tf2onnx got wrong and was put right.
    """

    signature: str
    path: str
    rung: int
    renamed: Mapping[str, str] = field(default_factory=dict)
    repairs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FailedConversion:
    """Why a rung made no model of a signature; final: no other rung can."""

    signature: str
    rung: int
    reason: str
    final: bool = False


@dataclass(frozen=True, slots=True)
class Conversion:
    """What became of each signature, and what was done so that TensorFlow loads the SavedModel."""

    made: tuple[ConvertedSignature, ...]
    failed: tuple[FailedConversion, ...] = ()
    repairs: tuple[str, ...] = ()
