"""The world: its records, tables, stored form and invariants."""
