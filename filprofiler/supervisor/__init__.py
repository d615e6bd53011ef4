"""The process beside the program: starts it, watches it, and outlives it."""
