"""TensorFlow Lite models, read for their structure: a FlatBuffer walked in place, no weight read, no TensorFlow needed."""
