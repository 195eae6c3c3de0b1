"""The partitioner that the contract names: murmur2, as the Java client has it."""

from functools import lru_cache
from typing import Final

KEYS_KEPT: Final = 16_384
"""How many keys' partitions are kept at hand; a batch asks for each of its keys many times."""

_SEED: Final = 0x9747B28C
_MULTIPLIER: Final = 0x5BD1E995
_SHIFT: Final = 24
_MASK: Final = 0xFFFFFFFF
_POSITIVE: Final = 0x7FFFFFFF
_WORD: Final = 4


def murmur2(key: bytes) -> int:
    """Hash a key to 32 bits, unsigned."""
    length = len(key)
    value = (_SEED ^ length) & _MASK
    whole = length - length % _WORD
    for start in range(0, whole, _WORD):
        word = int.from_bytes(key[start : start + _WORD], "little")
        word = (word * _MULTIPLIER) & _MASK
        word ^= word >> _SHIFT
        word = (word * _MULTIPLIER) & _MASK
        value = ((value * _MULTIPLIER) & _MASK) ^ word
    if whole < length:
        value ^= int.from_bytes(key[whole:], "little")
        value = (value * _MULTIPLIER) & _MASK
    value ^= value >> 13
    value = (value * _MULTIPLIER) & _MASK
    return value ^ (value >> 15)


@lru_cache(maxsize=KEYS_KEPT)
def partition_of(key: bytes, partitions: int) -> int:
    """Say which of so many partitions a key belongs to."""
    return (murmur2(key) & _POSITIVE) % partitions
