"""Container engines: where they are, how they are reached, what they send, and what their failures mean.

A room of its own, below formats and runtimes: one reads images from engines, the other starts them there, and neither knows
the other. What an image is, is no concern of this room.
"""
