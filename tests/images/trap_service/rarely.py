"""What a service has besides: loaded by the first who asks for it, with a file of its own."""

from pathlib import Path


def answer():
    """Return what a file says."""
    return {"said": Path("/srv/data/rarely.txt").read_text().strip()}
