"""What the formats share: cleaning of ids and texts, notes on oddities, a world cut into weeks."""
