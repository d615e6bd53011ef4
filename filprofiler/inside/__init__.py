"""Tracking inside the program itself, begun and ended by the API: there is no supervisor."""
