"""Small graphs that fp16 converters get wrong, each with inputs and with what must become of it."""
