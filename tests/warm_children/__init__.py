"""Child processes that need not import what they run: forked off a process that imported it once for many tests.

Only the start is another than a user's. Each order still has a process of its own with the same pipes, frames, environment and
limits, ended the same way. MODELPACK_TUI_FRESH_CHILDREN=1 starts every child anew.
"""
