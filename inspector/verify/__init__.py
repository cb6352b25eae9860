"""Whether a changed artifact still does its job: inputs, parity, conformance, contracts."""
