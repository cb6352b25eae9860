"""What the layers of an image add up to: file systems, changes, waste, packages, models and what a pull moves."""
