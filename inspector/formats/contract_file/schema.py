"""Derives the JSON Schema of a contract from its record; python -m inspector.formats.contract_file.schema rewrites the file."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Final

from inspector.records.contract import CONTRACT_VERSION, Contract
from inspector.records.documentation import SCHEMA_DIALECT, describe

SCHEMA_FILE: Final = "contract.schema.json"


def build_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a contract's file, described with the records' own docstrings."""
    import msgspec

    derived = msgspec.json.schema(Contract)
    definitions: dict[str, Any] = derived["$defs"]
    describe(definitions, Contract)
    for definition in definitions.values():
        definition["additionalProperties"] = False
    contract = definitions["Contract"]
    contract["properties"]["contract"] = {"description": "Version of this format.", "const": CONTRACT_VERSION}
    contract["required"] = ["contract", *contract.get("required", [])]
    return {"$schema": SCHEMA_DIALECT, "title": "modelpack-tui contract", **derived}


def derived_text() -> str:
    """Return the schema as the package ships it: indented JSON with a final line feed."""
    return json.dumps(build_schema(), indent=2, ensure_ascii=False) + "\n"


def schema_text() -> str:
    """Return the schema that the package ships."""
    return Path(__file__).with_name(SCHEMA_FILE).read_text(encoding="utf-8")


def main() -> None:
    """Write the schema to the file that the package ships."""
    Path(__file__).with_name(SCHEMA_FILE).write_text(derived_text(), encoding="utf-8")
    sys.stderr.write(f"wrote {SCHEMA_FILE}\n")


if __name__ == "__main__":
    main()
