"""Words: the vocabulary of domains, a grammar that writes memories and turns, and text vectors."""
