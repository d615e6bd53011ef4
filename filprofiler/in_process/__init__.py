"""Runs in the program's own process: the start of its tracking, and the API's tracking."""
