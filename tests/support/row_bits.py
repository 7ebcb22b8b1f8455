"""One bit of a database row's value changed, whatever its type is."""

import random


def with_changed_bit(value: object, chance: random.Random) -> object:
    """Return a column's value with one bit changed; None where there is no bit."""
    match value:
        case int():
            return value ^ 1 << chance.randrange(max(8, value.bit_length()))
        case str() if value:
            at = chance.randrange(len(value))
            return value[:at] + chr(ord(value[at]) ^ 1 << chance.randrange(7)) + value[at + 1 :]
        case bytes() if value:
            data = bytearray(value)
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
            return bytes(data)
        case _:
            return None
