"""Worlds, patterns and operators to look at: pages of small pictures."""
