"""Frozen dataclasses that cross every boundary between rooms; standard library only."""
