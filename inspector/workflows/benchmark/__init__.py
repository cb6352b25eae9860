"""Measuring an artifact, or two of the same signature side by side: cold start, latency, and what would start sooner."""

from inspector.workflows.benchmark.run import benchmark

__all__ = ["benchmark"]
