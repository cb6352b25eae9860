"""Files of rules: modelpack.toml, or [tool.modelpack-tui] of pyproject.toml, found upward and read with care."""

from inspector.formats.rules_file.contents import RulesFile, WrittenRule
from inspector.formats.rules_file.find import find_rules
from inspector.formats.rules_file.read import read_rules

__all__ = ["RulesFile", "WrittenRule", "find_rules", "read_rules"]
