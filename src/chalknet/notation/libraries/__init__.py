"""Layers and functions of other libraries than torch, as the steps that they are."""
