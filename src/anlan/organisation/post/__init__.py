"""Posts: what must be somebody's charge in a unit, who holds it, and who stands in for him."""
