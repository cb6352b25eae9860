"""SavedModels written by hand, so that they can be wrong on purpose; TensorFlow is not needed."""
