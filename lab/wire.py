"""What the emulators put on the wire when they are to be faulty."""

import zlib
from functools import cache


@cache
def packed() -> bytes:
    """A small body (gzip) that unpacks to 50 megabytes."""
    packer = zlib.compressobj(9, wbits=31)
    return b"".join(packer.compress(b" " * 1_000_000) for _ in range(50)) + packer.flush()
