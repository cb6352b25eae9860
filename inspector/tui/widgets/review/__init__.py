"""A saved review, shown without the artifact that it is about."""
