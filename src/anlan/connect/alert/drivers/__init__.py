"""How doors reach out: into a watched folder, and to an address of a feed. They know no database."""
