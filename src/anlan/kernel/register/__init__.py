"""Registers: a model becomes a list with search, filters, paging, record, form, history, import, export and API by a declaration."""

from anlan.kernel.register.declaration import Column, Deed, Filter, Page, Panel, Register, add_panel

__all__ = ("Column", "Deed", "Filter", "Page", "Panel", "Register", "add_panel")
