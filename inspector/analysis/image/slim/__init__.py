"""What of an image is kept when it is made smaller, what goes, and why: pure functions on an inspection."""
