"""fp16: converters with what they get wrong repaired, and fp32 islands where the ranges demand them."""
