"""Everything printed from inventory and book: the documentation site and the PDF of a period.

One direction only: publishing reads model objects and the book's reading methods and asks no host.
"""
