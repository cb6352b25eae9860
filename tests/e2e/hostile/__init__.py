"""Files from strangers: makers of everything an attacker, a bad disk or a broken exporter may hand over."""
