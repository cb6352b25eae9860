"""Container images and OCI artifacts made in pure Python, byte for byte the same each time."""
