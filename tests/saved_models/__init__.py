"""SavedModels made by TensorFlow itself, and what TensorFlow says of them; TensorFlow runs in child processes only."""
