"""Outside warnings: pages."""
