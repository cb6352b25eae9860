"""Records to insight: pure functions, no third-party library, no I/O."""
