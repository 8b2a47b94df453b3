"""Columns: which are x and y, what is learned of them, and what is done to them."""
