"""Signatures of a SavedModel as ONNX models: converted by tf2onnx, then given the signature's names, order and shapes."""
