"""Make an ONNX model smaller or faster, each step judged against the original."""
