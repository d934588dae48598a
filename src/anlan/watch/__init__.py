"""Watching and warning: what is observed, what is warned of."""
