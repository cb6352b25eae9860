"""Many artifacts in one run: find them, review each in a child process, and keep a row of each."""
