"""Patch management (3.2): who gets which update when. Decisions on plain data; nothing here asks a host or the book."""
