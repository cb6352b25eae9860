"""Load an artifact, run it, profile it; only ever inside a child."""
