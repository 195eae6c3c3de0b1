"""What was last said of a unit's roles: which of them no channel reaches."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final

from services.notifications.core.announcing import inbound_event
from services.notifications.core.reach import Reasons, Unreached
from shared.events.centres import CoverageReachChecked, UnreachedRole
from shared.events.codes import matter_subject
from shared.events.envelope import Event
from shared.events.ids import derived_id
from shared.events.units import Current, as_they_are
from shared.reference.units import Units
from shared.subjects.document import Outgoing

NOTHING: Final[Unreached] = {}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a unit's last check found.

    Attributes:
        unit: The unit.
        unreached: The roles that no channel reaches, as it was last said.
        night: The legal day as which began it was last checked.
        said: How often something was said, so that each time has an id of its own.
    """

    unit: str
    unreached: Unreached
    night: date
    said: int = 0


def coverage_subject(unit: str, units: Units) -> str:
    """Name the matter on which a unit's verdict is said; it keeps its first name."""
    return matter_subject(units.first_name(unit), "coverage", "ladder")


def judge(
    known: Verdict | None,
    unit: str,
    found: Unreached,
    *,
    night: date,
    now: datetime,
    units: Units,
) -> tuple[Verdict, Outgoing | None] | None:
    """Return a unit's verdict of a night, and what is to be said; None if it is given already.

    Nothing is said where it is what was said last.
    """
    if known is not None and known.night >= night:
        return None
    before = known or Verdict(unit, NOTHING, night)
    if before.unreached == found:
        return replace(before, night=night), None
    return _saying(replace(before, unreached=found, night=night), now, units)


def relieve(
    known: Verdict, reached: Collection[str], *, now: datetime, units: Units
) -> tuple[Verdict, Outgoing] | None:
    """Return a verdict without the roles that are reached again; None where none is.

    By day a role only ever leaves the verdict: what is lost by day the next night finds.
    """
    left = {role: why for role, why in known.unreached.items() if role not in reached}
    if left.keys() == known.unreached.keys():
        return None
    return _saying(replace(known, unreached=left), now, units)


def verdict_of(event: Event, night: date, units: Units) -> Verdict:
    """Return the verdict that an event of ours said, as one of an earlier night."""
    data = event.data
    assert isinstance(data, CoverageReachChecked), "the caller asked for those"
    unreached = {one.role: one.reasons for one in data.unreached}
    unit = units.current(event.subject.partition("/")[0])
    return Verdict(unit, dict(sorted(unreached.items())), night)


def _saying(verdict: Verdict, now: datetime, units: Units) -> tuple[Verdict, Outgoing]:
    """Return a verdict that is to be said, and the event that says it."""
    after = replace(verdict, said=verdict.said + 1)
    subject = coverage_subject(after.unit, units)
    data = CoverageReachChecked(
        unreached=tuple(
            UnreachedRole.model_validate({"role": role, "reasons": why})
            for role, why in after.unreached.items()
        )
    )
    # The moment as well: a store that was lost counts from the first again.
    event_id = derived_id(subject, data.NAME, str(after.said), now.isoformat())
    return after, inbound_event(event_id, subject, data, now)


class VerdictCodec:
    """How a verdict is kept; its unit is read by its code of now."""

    def __init__(self, current: Current = as_they_are) -> None:
        self._current = current

    def to_document(self, state: Verdict) -> dict[str, Any]:
        """Write a verdict."""
        return {
            "unit": state.unit,
            "unreached": [[role, list(why)] for role, why in state.unreached.items()],
            "night": state.night.isoformat(),
            "said": state.said,
        }

    def from_document(self, document: Mapping[str, Any]) -> Verdict:
        """Read a verdict."""
        unreached: dict[str, Reasons] = {
            role: tuple(why) for role, why in document["unreached"]
        }
        night = date.fromisoformat(document["night"])
        return Verdict(self._current(document["unit"]), unreached, night, document["said"])

    def index(self, state: Verdict) -> dict[str, Any]:
        """Give no field: verdicts are found by their unit alone."""
        del state
        return {}
