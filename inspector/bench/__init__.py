"""Measurements that can be believed: what is measured, how often, and what may be said of it."""
