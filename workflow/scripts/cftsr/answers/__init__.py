"""Answers about one table: its formula fitted, checked, proved, or fitted to a given shape."""
