"""What a rule is: a name, what is wrong, and what to do about it, in two languages."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: what is wrong and what to do about it, twice."""

    name: str
    detail: str
    remedy: str
    detail_vi: str
    remedy_vi: str
