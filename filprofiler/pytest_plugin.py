"""The pytest plugin; off unless it is asked for."""
