"""int8: which kind, calibrated on what, and which nodes stay in fp32."""
