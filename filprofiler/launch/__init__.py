"""Launching: from the command to a running program that is being tracked, and to how it ended."""
