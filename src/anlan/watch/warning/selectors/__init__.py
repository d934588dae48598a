"""Warnings: reads."""
