"""The reference data as the auditor reads it: which days, hours, limits and lists held when."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from json import dumps
from typing import Any, Final

from deploy.auditor.core.codes import Codes, codes_of
from deploy.auditor.core.wall import DAY, Json, Wall, instant

ONE_LOAD: Final = timedelta(minutes=2)
"""Decisions recorded this close together are one change: a file of rows was loaded."""

PREFIX: Final = "vn.motcua."


def name_of(event: Json) -> str:
    """Return an event's name, without what all types begin and end with."""
    return str(event["type"]).removeprefix(PREFIX).rpartition(".")[0]


@dataclass(frozen=True)
class Unit:
    """A centre: its hours, and since when the calendar asks things of it."""

    code: str
    opening: Json
    begins: date | None
    known: datetime  # When that was recorded: nothing opens before.


@dataclass(frozen=True)
class Procedure:
    """A procedure of the catalogue."""

    code: str
    field: str
    communes: bool
    decided: date
    expired: date | None
    known: datetime  # When the decision was recorded.
    systems: frozenset[str]  # What its dossiers cannot be settled without.
    expiry_known: datetime | None = None


@dataclass
class Law:
    """What held from one change to the next.

    Attributes:
        since: When it was recorded.
        version: The last sequence of the reference topic that is in it.
    """

    since: datetime
    version: int
    rows: Mapping[str, Json]
    units: Mapping[str, Unit]
    procedures: Mapping[str, Procedure]
    rules: Mapping[str, Sequence[Json]]
    codes: Codes  # The same in every change: units are called as they are called now.
    walls: dict[str, Wall]  # By calendar and hours: shared by all units and changes alike.
    _by_unit: dict[str, Wall | None] = field(default_factory=dict)

    def wall(self, unit: str) -> Wall | None:
        """Return the calendar that hangs at a unit; None where none is published for it."""
        if unit not in self._by_unit:
            self._by_unit[unit] = self._wall(unit)
        return self._by_unit[unit]

    def _wall(self, unit: str) -> Wall | None:
        published, known = self.published(), self.units.get(unit)
        if published is None or known is None:
            return None
        calendar: dict[str, Any] = {
            "first_day": published[0].isoformat(),
            "last_day": published[1].isoformat(),
            "off": self._days(None, "off"),
            "work": self._days(None, "work"),
        }
        opening = {
            **known.opening,
            "closed": self._days(unit, "off"),
            "open": self._days(unit, "work"),
        }
        key = dumps([calendar, opening], sort_keys=True)
        if key not in self.walls:
            self.walls[key] = Wall(calendar, opening)
        return self.walls[key]

    def _days(self, unit: str | None, kind: str) -> list[str]:
        last: dict[str, str] = {}
        for row in self.rows.values():  # Of two rows for one day the later approved holds.
            if row.get("unit") == unit and row["kind"] in {"off", "work"}:
                last[row["day"]] = row["kind"]
        return sorted(day for day, what in last.items() if what == kind)

    def published(self) -> tuple[date, date] | None:
        """Return the first and the last day that are published without a gap."""
        spans = sorted(
            (row.get("counterpart") or "9999-12-31", row["day"])
            for row in self.rows.values()
            if row["kind"] == "published_through"
        )
        if not spans or spans[0][0] == "9999-12-31":
            return None
        first, last = (date.fromisoformat(day) for day in spans[0])
        for begins, ends in spans[1:]:
            if begins == "9999-12-31" or date.fromisoformat(begins) <= last + DAY:
                last = max(last, date.fromisoformat(ends))
        return first, last

    def limit(self, procedure: str, day: date, unit: str, channel: str) -> Json | None:
        """Return the limit of a dossier received on a day; None if no row holds, or gives one.

        A row of the unit goes before one for all, one of the channel before one for all, then
        the one that is valid since later, then the one approved later.
        """
        on = day.isoformat()
        held = [
            row
            for row in self.rules.get(procedure, ())
            if row["valid_from"] <= on
            and (row.get("valid_to") is None or on < row["valid_to"])
            and row.get("unit") in {None, unit}
            and row.get("channel") in {None, channel}
        ]
        if not held:
            return None
        best = max(
            held,
            key=lambda row: (
                row.get("unit") is not None,
                row.get("channel") is not None,
                row["valid_from"],
                row["_version"],
            ),
        )
        limit: Json = best["limit"]
        return None if limit["unit"] == "given" else limit


@dataclass
class Holding:
    """A role that somebody holds, as it was recorded until it was replaced.

    Attributes:
        days: The days on which it began or ended, and when each was recorded.
        until: When another row replaced it; None while it holds.
    """

    days: list[tuple[date, datetime]]
    until: datetime | None = None


class Laws:
    """All changes of the law, in order; a question names the moment it is asked for.

    `holdings` has each row of the organisation by unit; it is no law, and moves no date.
    """

    def __init__(self, events: Iterable[Json]) -> None:
        self._walls: dict[str, Wall] = {}
        decided = list(events)
        self.codes = codes_of(decided)
        self.changes: list[Law] = []
        rows: dict[str, Json] = {}
        units: dict[str, Unit] = {}
        procedures: dict[str, Procedure] = {}
        rules: dict[str, list[Json]] = {}
        self.holdings: dict[str, list[Holding]] = {}
        held: dict[tuple[str, ...], Holding] = {}
        for event in map(self.codes.read, decided):
            self._take_role(event, held)
            if _take(event, rows, units, procedures, rules):
                self._keep(event, rows, units, procedures, rules)
        self._since = [law.since for law in self.changes]
        self._versions = [law.version for law in self.changes]

    def _take_role(self, event: Json, held: dict[tuple[str, ...], Holding]) -> None:
        """Take over who holds a role of a unit from when, or until when."""
        name, data = name_of(event), event["data"]
        if name not in {"role.assigned", "role.ended"}:
            return
        moment = instant(event["recordedtime"])
        seat = (data["unit"], data["role"], data["person"])
        if name == "role.assigned":
            key = (*seat, data.get("division") or "")
            if key in held:
                held[key].until = moment
            held[key] = Holding([(date.fromisoformat(data["from_day"]), moment)])
            self.holdings.setdefault(data["unit"], []).append(held[key])
            return
        for other, holding in held.items():
            division = data.get("division")
            if other[:3] == seat and division in {None, other[3] or None}:
                ended = (date.fromisoformat(data["ended_on"]), moment)
                if len(holding.days) > 1:
                    # An end that is put right: what it had opened by then stays open.
                    before = Holding([holding.days.pop()], moment)
                    self.holdings[data["unit"]].append(before)
                holding.days.append(ended)

    def _keep(
        self,
        event: Json,
        rows: dict[str, Json],
        units: dict[str, Unit],
        procedures: dict[str, Procedure],
        rules: dict[str, list[Json]],
    ) -> None:
        since = instant(event["recordedtime"])
        if self.changes and since - self.changes[-1].since <= ONE_LOAD:
            last = self.changes.pop()
            since = max(since, last.since)
        self.changes.append(
            Law(
                since=since,
                version=int(event["sequence"]),
                rows=dict(rows),
                units=dict(units),
                procedures=dict(procedures),
                rules={code: tuple(held) for code, held in rules.items()},
                codes=self.codes,
                walls=self._walls,
            )
        )

    def at(self, moment: datetime, *, version: int = 0) -> int | None:
        """Return the index of what held by a version, where one is named, else at a moment."""
        if version:
            index = bisect_right(self._versions, version) - 1
        else:
            index = bisect_right(self._since, moment) - 1
        return None if index < 0 else index

    @property
    def last(self) -> Law | None:
        """What holds now."""
        return self.changes[-1] if self.changes else None


def _take(
    event: Json,
    rows: dict[str, Json],
    units: dict[str, Unit],
    procedures: dict[str, Procedure],
    rules: dict[str, list[Json]],
) -> bool:
    """Take over one decision; say whether it can move a date or change what is owed."""
    data, moment = event["data"], instant(event["recordedtime"])
    match name_of(event):
        case "calendar.approved":
            rows.pop(data["row"], None)
            rows[data["row"]] = data
        case "calendar.withdrawn":
            rows.pop(data["row"], None)
        case "rule.approved":
            held = [
                one for one in rules.get(data["procedure"], ()) if one["rule"] != data["rule"]
            ]
            rules[data["procedure"]] = [*held, {**data, "_version": int(event["sequence"])}]
        case "unit.changed":
            units[data["unit"]] = _unit(data, moment, units.get(data["unit"]))
        case "procedure.decided":
            procedures[data["procedure"]] = Procedure(
                code=data["procedure"],
                field=data["field"],
                communes="commune" in data.get("levels", ["commune"]),
                decided=date.fromisoformat(data["decided_on"]),
                expired=None,
                known=moment,
                systems=frozenset(data.get("systems") or ()),
            )
        case "procedure.expired":
            known = procedures.get(data["procedure"])
            if known is not None:
                procedures[known.code] = Procedure(
                    known.code,
                    known.field,
                    known.communes,
                    known.decided,
                    date.fromisoformat(data["expired_on"]),
                    known.known,
                    known.systems,
                    moment,
                )
        case _:
            return False
    return True


def _unit(data: Json, moment: datetime, before: Unit | None) -> Unit:
    text = data.get("obligations_from")
    begins = None if text is None else date.fromisoformat(text)
    same = before is not None and before.begins == begins
    known = before.known if same and before is not None else moment
    return Unit(data["unit"], data["opening"], begins, known)
