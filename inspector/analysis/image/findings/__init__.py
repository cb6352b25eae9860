"""What a reader should know about a container image: rules by theme, each a pure function of records."""

from inspector.analysis.image.findings.themes import find

__all__ = ["find"]
