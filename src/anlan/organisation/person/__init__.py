"""People: who works for a unit, whether or not he logs in."""
