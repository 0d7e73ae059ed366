"""Measurements, run on demand; no test depends on a time."""
