"""Read ONNX without reading weights."""
