"""The headless front end: options, commands, stdout for data only, stderr for the rest."""
