"""Images started as containers, on whatever engine is there; the docker SDK is imported where it is used."""
