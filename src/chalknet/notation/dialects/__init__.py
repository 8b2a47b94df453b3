"""Drawings in text of many kinds: TikZ, PlantUML, D2, characters, GraphML; each brought to a sketch."""
