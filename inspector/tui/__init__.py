"""The terminal front end; the only room that imports Textual."""
