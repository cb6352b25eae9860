"""Published architectures built as ONNX graphs in code, with weights of zeros in a sparse external file."""
