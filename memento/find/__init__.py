"""Finding records by what their texts say: a pattern, or words to rank by."""
