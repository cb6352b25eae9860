"""What the command line says of optimizing a model, as both front ends' sessions take it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from inspector.cli.optimization_options import OptimizationOptions
    from inspector.cli.options import Options
    from inspector.records.contract import Contract
    from inspector.records.optimization import OptimizationRequest


def optimization_request(options: Options, wanted: OptimizationOptions, contract: Contract | None) -> OptimizationRequest:
    """Return the request that the options amount to; what the user left open is left to the program."""
    from inspector.records.optimization import OptimizationRequest, OptimizeSettings

    defaults = OptimizeSettings()
    settings = OptimizeSettings(
        budget_seconds=wanted.budget_seconds or defaults.budget_seconds,
        threads=wanted.threads or defaults.threads,
        seed=wanted.seed or defaults.seed,
        allow=wanted.allow,
        keep_fp32=wanted.keep_fp32,
        signatures=wanted.keep_signatures,
    )
    return OptimizationRequest(
        settings=settings,
        data=wanted.data or "",
        contract=contract,
        contract_folder=str(Path(options.contract).absolute().parent) if options.contract else "",
        lengths=options.dimensions,
        memory_bytes=wanted.memory_bytes,
        signature=wanted.signature or "",
    )
