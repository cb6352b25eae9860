"""TensorFlow: how a SavedModel is loaded and its signatures are run, only ever inside a child process."""
