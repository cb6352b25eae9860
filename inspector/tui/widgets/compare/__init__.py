"""Two artifacts, or two reviews, side by side."""
