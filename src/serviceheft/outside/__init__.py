"""Every conversation with a host, a console, a device: the only place that opens connections to what lies outside.

Whoever speaks gets a total deadline, limits of size, TLS that is always checked, and no redirects.
"""
