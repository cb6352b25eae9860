"""What a reader should know about a computation: rules by theme, each a pure function of records."""

from inspector.analysis.findings.themes import find

__all__ = ["find"]
