"""The report's files and the summary on the terminal."""
