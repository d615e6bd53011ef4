"""Jupyter: `%load_ext filprofiler` gives notebooks the magic `%%filprofile` (docs/notebooks.md)."""
