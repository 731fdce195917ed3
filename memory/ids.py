"""Ids that sort by time, so that an index on them stays append-only.

48 bits of milliseconds and 80 random bits in Crockford base 32: a ULID (https://github.com/ulid/spec) with our prefix.
"""

import secrets
import time

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


def new_id(prefix: str) -> str:
    """Return ``prefix_`` and 26 characters, unique and sortable by the millisecond it was made."""
    number = (time.time_ns() // 1_000_000) << 80 | secrets.randbits(80)
    return prefix + "_" + "".join(_ALPHABET[number >> shift & 31] for shift in range(125, -1, -5))
