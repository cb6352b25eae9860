"""TensorFlow Lite models written by hand, byte for byte, for tests; nothing of TensorFlow is needed."""
