"""Slimming an image: levels chosen, written, put to the proof, saved."""
