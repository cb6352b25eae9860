"""Each format of the report is a pure function of a review."""
