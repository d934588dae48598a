"""Warnings: pages."""
