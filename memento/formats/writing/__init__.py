"""What writers share: rows of a Signet database, tables of tensors, cards of data sets."""
