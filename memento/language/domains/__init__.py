"""The vocabularies, one file each; the catalogue is `memento.language.lexicon.DOMAINS`."""
