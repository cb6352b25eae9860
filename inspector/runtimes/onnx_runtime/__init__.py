"""ONNX Runtime: how a session is made, fed and listened to; modules named *_child, and functions that say so, need a child."""
