"""Ways to make an artifact smaller or faster, one a file; none knows how its results are judged."""
