"""Warnings: drafted, approved, published, updated, cancelled or expired, and what came of them."""
