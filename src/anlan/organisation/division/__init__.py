"""Divisions: the official list of the country's divisions, taken into the organisation tree."""
