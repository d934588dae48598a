"""Contact points: how a person or a unit is reached."""
