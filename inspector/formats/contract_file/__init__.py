"""Contracts as files: YAML or JSON in, YAML that explains itself out, and JSON to embed in what is written."""

from inspector.formats.contract_file.embedding import from_json, to_json
from inspector.formats.contract_file.read import read_contract
from inspector.formats.contract_file.text import contract_text

__all__ = ["contract_text", "from_json", "read_contract", "to_json"]
