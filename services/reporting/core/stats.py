"""The little statistics that the pages need: rates with intervals."""

from dataclasses import dataclass
from math import sqrt
from typing import Final

Z_95: Final = 1.959963984540054
"""The 97.5 % point of the normal distribution."""


@dataclass(frozen=True, slots=True)
class Interval:
    """Bounds between which a rate lies with 95 % confidence, as shares of 1."""

    low: float
    high: float


def wilson(numerator: int, denominator: int) -> Interval | None:
    """Return Wilson's score interval of a proportion; None where nothing was counted.

    Raises:
        ValueError: The counts are no proportion.
    """
    if not 0 <= numerator <= denominator:
        raise ValueError(f"{numerator} of {denominator} is no proportion")
    if denominator == 0:
        return None
    share = numerator / denominator
    square = Z_95 * Z_95
    spread = Z_95 * sqrt(
        share * (1 - share) / denominator + square / (4 * denominator * denominator)
    )
    scale = 1 + square / denominator
    middle = share + square / (2 * denominator)
    return Interval(max(0.0, (middle - spread) / scale), min(1.0, (middle + spread) / scale))
