"""Stock git on worlds: records in its diffs, and memento's rules in its merges."""
