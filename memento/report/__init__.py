"""Pages that tell how good a scorer is, and how many real sessions synthetic ones save."""
