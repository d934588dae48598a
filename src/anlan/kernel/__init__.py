"""What every room stands on and that knows no emergency: units, users, scope, acts, clock, node, pages' layout."""
