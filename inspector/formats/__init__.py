"""Bytes to records: one folder a format, and detection by content."""
