"""Measuring commits: records of what was found, gates that ask for it, and the search for what broke it."""
