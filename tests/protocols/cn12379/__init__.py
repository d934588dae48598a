"""Tests of warnings of the national release system."""
