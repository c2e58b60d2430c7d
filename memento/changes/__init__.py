"""Typed changes of worlds: edits, differences, merges, and the conflicts that merges leave as values."""
