"""SavedModels with constants in place of variables, and graphs rewritten by TensorFlow's own optimizer."""
