"""Outside warnings: reads."""
