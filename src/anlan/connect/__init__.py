"""Doors to other systems, devices and nodes."""
