"""Making a serving-only SavedModel: what would go, and two ways to leave it out."""
