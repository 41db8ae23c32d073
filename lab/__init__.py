"""A whole customer site on loopback: emulators where the real thing cannot run, real services elsewhere."""
