"""The files and the summary that a person reads."""
