"""Formats: how a file of each kind is recognised, scanned and read."""
