"""The house checks: rules every room keeps, and the command that writes a new room which keeps them."""
