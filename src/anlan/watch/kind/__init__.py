"""Kinds of warning: who issues them, who approves which colour, what is said and what is to be done."""
