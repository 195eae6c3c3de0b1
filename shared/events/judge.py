"""Judging a well-formed event against the clock, the reference data and what is recorded.

One decision and one wording for both doors and for `motcua check`. Pure: what is known comes in
as a `Standing` and a `ReferenceView`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final, Protocol

from pydantic import ValidationError
from pydantic_core import to_json

from shared.events import dossiers, faults, reference
from shared.events.answers import (
    Corrected,
    NoticeProven,
    NoticeUndeliverable,
    ObligationAcknowledged,
    Replacement,
)
from shared.events.centres import (
    ConnectionLost,
    CoverageReachChecked,
    FiguresReported,
    LossAccepted,
)
from shared.events.codes import PROVINCE, is_matter
from shared.events.envelope import Event
from shared.events.faults import Fault
from shared.events.inbound import InboundEvent
from shared.events.model import EventData
from shared.events.registry import REGISTRY
from shared.events.shapes import faults_of
from shared.events.topics import REFERENCE
from shared.events.transitions import NAMES, Status, allowed_from, is_legal, recorded_status
from shared.events.units import Current, as_they_are

#: Who alone may change the reference data, bring history, and say what people answered.
REFERENCE_PUBLISHER: Final = "province"
IMPORT_PUBLISHER: Final = "import"
#: Whose pages let people act: answer a rung, give a slip, decide changes; it names who did.
DESK_PUBLISHER: Final = "workflow"
ANSWERS_PUBLISHERS: Final = frozenset({"notifications", DESK_PUBLISHER})
#: By whom the province brings the forms of units that are not connected.
REPORTING_PUBLISHERS: Final = frozenset({REFERENCE_PUBLISHER, DESK_PUBLISHER})
PROOFS_PUBLISHER: Final = "notifications"
#: As whom intake itself notes what operators decided.
OPERATORS_PUBLISHER: Final = "operators"
_PROOFS = (NoticeProven, NoticeUndeliverable, CoverageReachChecked)

#: Clocks of two honest machines may differ by this much.
SKEW_MAX: Final = timedelta(minutes=2)


class ReferenceView(Protocol):
    """What a judge must know of the reference data."""

    def has_unit(self, unit: str) -> bool:
        """Say whether there is such a unit."""

    def current(self, code: str) -> str:
        """Return the current code of the unit with this code; an unknown code as it is."""

    def has_procedure(self, procedure: str) -> bool:
        """Say whether the catalogue has, or had, such a procedure."""

    @property
    def horizon(self) -> date | None:
        """The last day of the published calendar; None while there is none."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What is recorded of a subject before the event; the default is a subject not yet seen."""

    status: Status | None = None
    was_accepted: bool = False
    receivingunit: str | None = None
    competentunit: str | None = None
    procedure: str | None = None
    asked_at: datetime | None = None
    """When the supplement that is waited for was asked, while one is."""
    brought_at: datetime | None = None
    """When the last supplement was brought, if one was."""
    names: Mapping[str, str] = field(default_factory=dict)
    """Id of each recorded event → its name; needed to judge a correction only."""

    @property
    def units(self) -> frozenset[str]:
        """The units that the dossier concerns."""
        return frozenset(unit for unit in (self.receivingunit, self.competentunit) if unit)


def judge(
    event: InboundEvent, standing: Standing, view: ReferenceView | None, now: datetime
) -> list[Fault]:
    """Say why an event is to be refused; nothing, when it is to be recorded.

    `view` None leaves out what needs the reference data. Imported history is not judged by the
    transition table: it is recorded as it is, with `transitions.mark_of` as its mark.
    """
    found = [*_moments(event, now)]
    if view is not None:
        found.extend(_unknown(event, view))
    if event.topic is not REFERENCE and not event.matter:
        found.extend(_dossier(event, standing))
    elif event.matter:
        found.extend(_matter(event, as_they_are if view is None else view.current))
    if isinstance(event.data, Corrected):
        found.extend(_correction(event.data, standing))
    return found


def judge_source(event: InboundEvent, publisher: str) -> list[Fault]:
    """Say whether an event names another source than the publisher who sent it."""
    return [] if event.publisher == publisher else [faults.wrong_source(publisher)]


def judge_publisher(event: InboundEvent, publisher: str) -> list[Fault]:
    """Say what a publisher may not send: another's events, types or history not its own."""
    found = judge_source(event, publisher)
    decided = isinstance(event.data, reference.CalendarRow | reference.RuleRow)
    at_the_desk = decided and publisher == DESK_PUBLISHER
    if event.topic is REFERENCE and publisher != REFERENCE_PUBLISHER and not at_the_desk:
        found.append(faults.not_allowed())
    if isinstance(event.data, ObligationAcknowledged) and publisher not in ANSWERS_PUBLISHERS:
        found.append(faults.not_allowed())
    if isinstance(event.data, _PROOFS) and publisher != PROOFS_PUBLISHER:
        found.append(faults.not_allowed())
    if isinstance(event.data, LossAccepted) and publisher != OPERATORS_PUBLISHER:
        found.append(faults.not_allowed())
    if isinstance(event.data, FiguresReported) and publisher not in REPORTING_PUBLISHERS:
        found.append(faults.not_allowed())
    if event.backfill and publisher != IMPORT_PUBLISHER:
        found.append(faults.backfill_not_allowed())
    return found


def follow(event: InboundEvent | Event, standing: Standing) -> Standing:
    """Give a subject's standing after an event that was judged right."""
    status, procedure = standing.status, getattr(event.data, "procedure", None)
    if event.name in NAMES and not is_matter(event.subject):
        status, _ = recorded_status(status, event.name, was_accepted=standing.was_accepted)
    competent = standing.competentunit or event.competentunit or event.receivingunit
    if isinstance(event.data, dossiers.DossierMoved):
        competent = event.data.to_unit
    return Standing(
        status=status,
        was_accepted=standing.was_accepted or event.name == "dossier.accepted",
        receivingunit=standing.receivingunit or event.receivingunit,
        competentunit=competent,
        procedure=standing.procedure or procedure,
        asked_at=_asked_at(event, standing),
        brought_at=event.time
        if isinstance(event.data, dossiers.DossierSupplementReceived)
        else standing.brought_at,
        names={**standing.names, event.id: event.name},
    )


def _asked_at(event: InboundEvent | Event, standing: Standing) -> datetime | None:
    if isinstance(event.data, dossiers.DossierSupplementRequested):
        return event.time
    brought = isinstance(event.data, dossiers.DossierSupplementReceived)
    return None if brought else standing.asked_at


def _moments(event: InboundEvent, now: datetime) -> Iterator[Fault]:
    latest = now + SKEW_MAX
    if event.time > latest:
        yield faults.future_time()
    match event.data:
        case NoticeProven(at=at) | NoticeUndeliverable(at=at) if at > latest:
            yield faults.future_time("/data/at")
        case ConnectionLost(last_seen=seen) if seen is not None and seen > latest:
            yield faults.future_time("/data/last_seen")
        case Corrected(right=Replacement(time=right)) if right > latest:
            yield faults.future_time("/data/right/time")
        case _:
            pass


def _unknown(event: InboundEvent, view: ReferenceView) -> Iterator[Fault]:
    """Find units and procedures that the reference data do not have."""
    units = {"/receivingunit": event.receivingunit, "/competentunit": event.competentunit}
    if event.matter:
        units["/subject"] = event.matter.unit
    data = vars(event.data)  # A model is slow to say that it has no such field.
    if not isinstance(event.data, reference.UnitChanged):
        for name in ("unit", "from_unit", "to_unit"):
            units[f"/data/{name}"] = data.get(name)
    for path, unit in units.items():
        if unit is not None and unit != PROVINCE and not view.has_unit(unit):
            yield faults.unknown_unit(path)
    procedure = data.get("procedure")
    promised = _promised(event)
    if promised is not None and view.horizon is not None and promised[1] > view.horizon:
        yield faults.fault("outside-calendar", promised[0])
    if procedure is None or isinstance(event.data, reference.ProcedureDecided):
        return
    if not view.has_procedure(procedure):
        yield faults.unknown_procedure()


def _promised(event: InboundEvent) -> tuple[str, date] | None:
    """Return the day that an event promises, and where it stands; history may be past all."""
    match event.data:
        case dossiers.DossierExtended(new_date=day) if not event.backfill:
            return "/data/new_date", day
        case ObligationAcknowledged(promised=day):
            return "/data/promised", day
        case _:
            return None


def _dossier(event: InboundEvent, standing: Standing) -> Iterator[Fault]:
    units = standing.units
    if units:
        for path, unit in (
            ("/receivingunit", event.receivingunit),
            ("/competentunit", event.competentunit),
        ):
            if unit is not None and unit not in units:
                yield faults.foreign_unit(path)
    data = event.data
    if isinstance(data, dossiers.DossierMoved) and data.from_unit != (
        standing.competentunit or data.from_unit
    ):
        yield faults.foreign_unit("/data/from_unit")
    if not event.backfill:
        yield from _transition(event.name, standing)
        yield from _wait(event, standing)
    procedure = vars(data).get("procedure")
    if procedure is not None and standing.procedure not in {None, procedure}:
        yield faults.procedure_contradicts()


def _wait(event: InboundEvent, standing: Standing) -> Iterator[Fault]:
    """A wait for the applicant ends after it begins, and none begins within another."""
    match event.data:
        case dossiers.DossierSupplementReceived() if (
            standing.asked_at is not None and event.time < standing.asked_at
        ):
            yield faults.fault("wait-ends-before-it-starts", "/time")
        case dossiers.DossierSupplementRequested() if (
            standing.brought_at is not None and event.time < standing.brought_at
        ):
            yield faults.fault("overlapping-waits", "/time")
        case _:
            pass


def _transition(name: str, standing: Standing) -> Iterator[Fault]:
    if is_legal(standing.status, name, was_accepted=standing.was_accepted):
        return
    if standing.status is None:
        yield faults.unknown_dossier(name)
    else:
        yield faults.illegal_transition(name, standing.status, allowed_from(name))


def _matter(event: InboundEvent, current: Current) -> Iterator[Fault]:
    assert event.matter is not None, "asked of matters only"
    own = {current(event.matter.unit), PROVINCE}
    for path, unit in (
        ("/receivingunit", event.receivingunit),
        ("/competentunit", event.competentunit),
    ):
        if unit is not None and current(unit) not in own:
            yield faults.fault("subject-contradicts", path, field=path[1:])


def _correction(data: Corrected, standing: Standing) -> Iterator[Fault]:
    """A correction names a recorded event, and brings data of that event's type."""
    name = standing.names.get(data.replaces)
    if name is None:
        yield faults.unknown_event()
    elif data.right is not None:
        yield from replacement_faults(REGISTRY[name].model, data.right)


def replacement_faults(model: type[EventData], right: Replacement) -> list[Fault]:
    """Say what is wrong with the right data of an event of a type."""
    found: list[Fault] = []
    if right.data.get("lookup_hash") is not None:
        found.append(faults.fault("set-by-intake", "/data/right/data/lookup_hash"))
    try:
        model.model_validate_json(to_json(right.data), strict=True, extra="forbid")
    except ValidationError as error:
        found.extend(faults_of(error, model, "data", "right", "data"))
    return found
