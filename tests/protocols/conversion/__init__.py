"""Tests of what is said again in another format."""
