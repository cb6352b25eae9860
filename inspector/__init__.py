"""modelpack-tui: open a packaged model, see what is inside, make it smaller and faster, prove it still works."""

__version__ = "0.1.0"
