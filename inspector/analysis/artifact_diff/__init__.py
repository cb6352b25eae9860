"""What tells two artifacts apart, area by area: pure functions of what was read of both."""
