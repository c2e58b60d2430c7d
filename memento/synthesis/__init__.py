"""Worlds made from the data of other worlds."""
