"""LiteRT: how a .tflite file is loaded and its signatures are run, only ever inside a child process."""
