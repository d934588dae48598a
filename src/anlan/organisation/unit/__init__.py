"""Units: the organisation tree as people meet it."""
