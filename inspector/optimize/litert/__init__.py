"""From a SavedModel to a .tflite: what can be said before, the converters in children, the search, and its contract inside."""
