"""Widgets that show container images and other OCI artifacts."""
