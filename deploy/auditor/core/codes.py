"""Which unit a code belongs to, and by which code a period is named."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from deploy.auditor.core.wall import Json, instant

CHANGED = "vn.motcua.unit.changed."
_ONE = ("unit", "from_unit", "to_unit")
_ATTRIBUTES = ("receivingunit", "competentunit")


@dataclass
class Codes:
    """The codes of units, as they are at the end of the reference topic.

    Attributes:
        owner: Former code to the code that followed it.
        named: Current code to the names that its periods had, each with the first day without
            it, oldest first.
    """

    owner: dict[str, str] = field(default_factory=dict)
    named: dict[str, list[tuple[str, date]]] = field(default_factory=dict)

    def now(self, code: str) -> str:
        """Return the current code of a unit."""
        while code in self.owner:
            code = self.owner[code]
        return code

    def names(self, unit: str) -> list[str]:
        """Return the codes by which a unit's periods can be named."""
        return [*dict.fromkeys(code for code, _ in self.named.get(unit, ())), unit]

    def name_on(self, unit: str, day: date) -> str:
        """Return the code by which a period that begins on a day is named."""
        for code, until in self.named.get(unit, ()):
            if day < until:
                return code
        return unit

    def is_named(self, subject: str, day: date) -> bool:
        """Say whether a centre record bears the name of its unit's period."""
        code = subject.partition("/")[0]
        return self.name_on(self.now(code), day) == code

    def read(self, event: Json) -> Json:
        """Return an event with current codes, but for its subject."""
        if not self.owner:
            return event
        read = dict(event)
        for name in _ATTRIBUTES:
            if read.get(name) is not None:
                read[name] = self.now(read[name])
        read["data"] = self._data(event["data"])
        return read

    def _data(self, data: Json) -> Json:
        found = dict(data)
        for name in _ONE:
            if isinstance(found.get(name), str):
                found[name] = self.now(found[name])
        if found.get("units"):
            found["units"] = [self.now(code) for code in found["units"]]
        right: Any = found.get("right")
        if isinstance(right, Mapping) and isinstance(right.get("data"), Mapping):
            found["right"] = {**right, "data": self._data(dict(right["data"]))}
        return found


def codes_of(events: Iterable[Json]) -> Codes:
    """Return the codes that the rows of units say, in the order of their numbers."""
    codes, known = Codes(), set[str]()
    for event in events:
        if not str(event["type"]).startswith(CHANGED):
            continue
        data = event["data"]
        unit, there = str(data["unit"]), str(data["unit"]) in known
        codes.owner.pop(unit, None)
        for row in sorted(data.get("former") or (), key=lambda one: str(one["until"])):
            code = str(row["code"])
            if codes.now(code) == unit:
                continue
            before = codes.named.pop(code, [])
            if code in known and not there:
                day = instant(event["recordedtime"]).date() + timedelta(days=1)
                until = max(date.fromisoformat(row["until"]), day)
                codes.named[unit] = [*codes.named.get(unit, []), *before, (code, until)]
            codes.owner[code] = unit
            known.discard(code)
        known.add(unit)
    return codes
