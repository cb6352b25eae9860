"""Run risky or long work in a bounded, killable child process; a crash comes back as data."""
