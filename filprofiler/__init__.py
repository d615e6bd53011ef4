"""Peak memory of a Python program, and the lines of code that had asked for it."""

__version__ = "2026.11.0"
