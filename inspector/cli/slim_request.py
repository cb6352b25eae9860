"""What the command line says of slimming an image, as a session takes it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from inspector.errors import UsageError
from inspector.records.slimming import SlimRequest

if TYPE_CHECKING:
    from inspector.cli.options import Options
    from inspector.cli.slim_options import SlimOptions
    from inspector.records.benchmark import BenchPlan, ImageStart
    from inspector.records.contract import Contract
    from inspector.records.slimming import Exercise


def slim_request(options: Options, wanted: SlimOptions) -> SlimRequest:
    """Return the request that the options amount to; exercises and the contract are read. Raises UsageError in one line."""
    from inspector.runtimes.container.exercises import parse_exercise

    defaults = SlimRequest()
    exercises = tuple(map(parse_exercise, wanted.exercises))
    contract = _contract(options)
    _check_inputs(exercises, contract, wanted)
    return SlimRequest(
        levels=wanted.levels,
        keep=wanted.keep,
        drop=wanted.drop,
        exercises=exercises,
        start=_start(options),
        compression=wanted.compression,
        contract=contract,
        contract_folder=str(Path(options.contract).absolute().parent) if options.contract else "",
        data=str(Path(wanted.data).absolute()) if wanted.data else "",
        budget_seconds=wanted.budget_seconds or defaults.budget_seconds,
        memory_bytes=wanted.memory_bytes,
        seed=wanted.seed or defaults.seed,
    )


def _contract(options: Options) -> Contract | None:
    if options.contract is None:
        return None
    from inspector.formats.contract_file import read_contract

    return read_contract(Path(options.contract))


def _check_inputs(exercises: Iterable[Exercise], contract: Contract | None, wanted: SlimOptions) -> None:
    """Refuse an exercise of a contract that is not there, and inputs that no exercise takes."""
    posts = next((one for one in exercises if one.kind == "contract"), None)
    if posts is not None and contract is None:
        raise UsageError(f"--exercise {posts.told} posts the inputs of a contract, and none is named", "add --contract FILE")
    if wanted.data is None:
        return
    if posts is None:
        raise UsageError("--data are inputs for --exercise contract:URL, which is not there", "leave out --data, or add it")
    if not Path(wanted.data).is_file():
        raise UsageError(f"{wanted.data}: there is no such file", "name an .npz of inputs")


def _start(options: Options) -> ImageStart:
    from inspector.records.benchmark import ImageStart

    return options.bench.plan().image if options.bench is not None else ImageStart()


def plan_of(options: Options) -> BenchPlan | None:
    """Return what --bench measures of both images; None where that was not asked for."""
    if options.bench is None or not options.bench.wanted:
        return None
    if options.bench.compare is not None:
        raise UsageError("--apply slim measures the image against what becomes of it", "leave out --compare, or --apply")
    return options.bench.plan()


def files_beside(request: SlimRequest, options: Options) -> list[Path]:
    """Return the files that are read beside the image."""
    named = (options.contract, request.data, *(exercise.path for exercise in request.exercises))
    return [Path(path) for path in named if path]
