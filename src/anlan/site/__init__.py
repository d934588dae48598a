"""Composes the node: settings, addresses, log-in, the pages around the rooms, and the programs that serve them."""
