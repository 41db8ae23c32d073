"""A service book for the IT of a managed-service provider's customers."""
