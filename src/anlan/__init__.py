"""Anlan (安澜): emergency management for Chinese local government, from city to village."""

__version__ = "0.1.0"
