"""What a reader should know about a computation: rules by theme, each a pure function of records."""
