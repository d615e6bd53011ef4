"""Reads the file that the profiled process wrote."""
