"""Pages that need nothing but themselves: elements, looks, charts."""
