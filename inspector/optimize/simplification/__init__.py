"""How simpler models are made: tools, each in a child process, and what is done to their results before they are judged."""
