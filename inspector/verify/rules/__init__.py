"""Rules that a review has to keep: what they can look at, how they are written, and what becomes of each."""
