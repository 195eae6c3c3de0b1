"""Any spelling of one event has one fingerprint; a changed value has another."""

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Self

from hypothesis import given
from hypothesis import strategies as st
from typing_extensions import override

from shared.events.inbound import InboundEvent, parse_inbound
from shared.events.registry import REGISTRY
from tests.unit.events.made import document, inbound

INBOUND = sorted(name for name, kind in REGISTRY.items() if kind.inbound)
VIETNAM = timezone(timedelta(hours=7))
#: Attributes that are content; the oracle's own list.
CONTENT = ("id", "source", "type", "subject", "time", "receivingunit")


def _read(value: bytes, headers: list[tuple[str, bytes]]) -> InboundEvent:
    read = parse_inbound(value, headers)
    assert isinstance(read, InboundEvent), read
    return read


def _instant(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo and "T" in text else None


def _spellings(moment: datetime) -> list[str]:
    """Write one moment by hand in the ways of RFC 3339."""
    here, utc = moment.astimezone(VIETNAM), moment.astimezone(UTC)
    plain, plain_utc = (
        one.strftime("%Y-%m-%dT%H:%M:%S") + ("" if not one.microsecond else f".{one:%f}")
        for one in (here, utc)
    )
    more = ".000" if not moment.microsecond else "999"
    return [
        f"{plain}+07:00",
        f"{plain_utc}Z",
        f"{plain_utc}+00:00",
        f"{plain_utc}-00:00",
        f"{plain_utc}z".replace("T", "t"),
        f"{plain}{more}+07:00",
        f"{plain_utc}{more}Z",
    ]


def _respell(draw: Callable[[st.SearchStrategy[Any]], Any], item: object) -> object:
    """Return the same JSON value in other letters."""
    if isinstance(item, dict):
        pairs = [(key, _respell(draw, value)) for key, value in item.items()]
        return dict(draw(st.permutations(pairs)))
    if isinstance(item, list):
        return [_respell(draw, value) for value in item]
    if isinstance(item, str):
        moment = _instant(item)
        return draw(st.sampled_from(_spellings(moment))) if moment else item
    if isinstance(item, int | float) and not isinstance(item, bool):
        return _Number(item, draw(st.sampled_from(["{}", "{}.0", "{}e0", "{}.00E+0"])))
    return item


class _Number(float):
    """A number that is written as one wants."""

    written: str

    def __new__(cls, value: float, form: str) -> Self:
        made = super().__new__(cls, value)
        made.written = form.format(value) if isinstance(value, int) else repr(value)
        return made

    @override
    def __repr__(self) -> str:
        return self.written


def _text(made: object) -> str:
    """Write JSON by hand, so that numbers keep their notation."""
    if isinstance(made, dict):
        return "{" + ", ".join(f"{json.dumps(k)}: {_text(v)}" for k, v in made.items()) + "}"
    if isinstance(made, list):
        return "[" + ",\n".join(map(_text, made)) + "]"
    return repr(made) if isinstance(made, _Number) else json.dumps(made)


@given(name=st.sampled_from(INBOUND), data=st.data())
def test_any_spelling_of_one_event_has_one_fingerprint(name: str, data: st.DataObject) -> None:
    """Order, moments, numbers, null, mode, base64, media type, mark, others' attributes."""
    made = document(name)
    moment = inbound(name).time.replace(microsecond=data.draw(st.sampled_from([0, 250_000])))
    made["time"] = moment.isoformat()
    usual = _read(json.dumps(made).encode(), [])
    again: Any = _respell(data.draw, made)
    if data.draw(st.booleans()):
        again |= {
            "competentunit": None,
            "dataschema": "urn:x",
            "traceid": "7",
            "backfill": False,
        }
    spelt = data.draw(st.sampled_from(["application/json", 'Application/JSON;charset="UTF-8"']))
    mark = data.draw(st.sampled_from([b"", b"\xef\xbb\xbf"]))
    mode = data.draw(st.sampled_from(["structured", "base64", "ce_", "ce-"]))
    if mode in {"ce_", "ce-"}:
        value = _text(again.pop("data")).encode()
        headers = [
            (f"{mode}{key}", str(item).encode())
            for key, item in again.items()
            if item is not None
        ]
        read = _read(mark + value, [*headers, ("Content-Type", spelt.encode())])
    else:
        if mode == "base64":
            again["data_base64"] = base64.b64encode(_text(again.pop("data")).encode()).decode()
        again["datacontenttype"] = spelt
        read = _read(mark + _text(again).encode(), [])
    assert read.fingerprint == usual.fingerprint
    assert read.data == usual.data
    assert read.time == usual.time


@given(name=st.sampled_from(INBOUND), data=st.data())
def test_a_changed_value_has_another_fingerprint(name: str, data: st.DataObject) -> None:
    """Whatever leaf of the content is changed to another value that the type takes."""
    made = document(name)
    places: list[tuple[tuple[Any, ...], Any]] = [((), key) for key in CONTENT if key in made]
    places += list(_leaves(made["data"], ("data",)))
    (path, key) = data.draw(st.sampled_from(places))
    holder: Any = made
    for step in path:
        holder = holder[step]
    before = holder[key]
    holder[key] = data.draw(st.sampled_from(_others(before)))
    read = parse_inbound(json.dumps(made).encode())
    if isinstance(read, InboundEvent):
        assert read.fingerprint != inbound(name).fingerprint, (path, key, before, holder[key])


def _leaves(item: Any, path: tuple[Any, ...]) -> list[tuple[tuple[Any, ...], Any]]:  # noqa: ANN401 -- JSON.
    pairs = item.items() if isinstance(item, dict) else enumerate(item)
    found: list[tuple[tuple[Any, ...], Any]] = []
    for key, value in pairs:
        inside = _leaves(value, (*path, key)) if isinstance(value, dict | list) else []
        found += inside or [(path, key)]
    return found


def _others(before: Any) -> list[Any]:  # noqa: ANN401 -- JSON.
    if isinstance(before, bool):
        return [not before]
    if isinstance(before, int | float):
        return [before + 1, max(before - 1, 0) if before else 2]
    if isinstance(before, str) and (moment := _instant(before)):
        later = timedelta(microseconds=1), timedelta(seconds=1), timedelta(hours=7)
        return [(moment + each).isoformat() for each in later]
    if isinstance(before, str):
        return [f"{before}1", before[:-1] + ("1" if before[-1:] != "1" else "2"), f"{before}-x"]
    return ["x1", 1, True]


def test_two_moments_that_differ_below_a_microsecond_are_one() -> None:
    """What is kept is what is compared."""
    first, second, other = (
        inbound(time=f"2026-11-23T08:05:00.{digits}+07:00")
        for digits in ("123456", "123456999", "123457")
    )
    assert first.time == second.time
    assert first.fingerprint == second.fingerprint
    assert first.fingerprint != other.fingerprint


def test_a_default_written_out_is_the_default() -> None:
    """Present or absent, it says the same; another value does not."""
    data = {"procedure": "1.000656", "channel": "direct"}
    absent = inbound(data=data)
    assert inbound(data=data | {"components_complete": True}).fingerprint == absent.fingerprint
    assert inbound(data=data | {"fee_due": None}).fingerprint == absent.fingerprint
    assert inbound(data=data | {"components_complete": False}).fingerprint != absent.fingerprint


def test_the_right_data_of_a_correction_are_compared_by_meaning() -> None:
    """Though their type is that of the event which they replace."""

    def corrected(**right: object) -> str:
        data = {
            "replaces": "e1",
            "right": {"time": "2026-11-23T08:00:00+07:00", "data": right},
            "reason": "wrong_time",
            "by": "p-1",
        }
        return inbound("dossier.corrected", data=data).fingerprint

    usual = corrected(given="2026-11-27T16:30:00+07:00", fee_due=15000)
    assert corrected(fee_due=15000.0, given="2026-11-27T09:30:00.000Z") == usual
    assert corrected(fee_due=15000, given="2026-11-27t09:30:00z", number=None) == usual
    assert corrected(fee_due=15001, given="2026-11-27T16:30:00+07:00") != usual
    assert corrected(fee_due=15000, given="2026-11-27T16:30:01+07:00") != usual


def test_contacts_are_content() -> None:
    """Another number of the same applicant is another content."""
    data = document()["data"]
    first = inbound(data=data | {"contact": {"phone": "0900000000"}})
    same = inbound(data=data | {"contact": {"phone": "0900000000", "language": "vi"}})
    other = inbound(data=data | {"contact": {"phone": "0900000001"}})
    assert first.fingerprint == same.fingerprint
    assert len({first.fingerprint, other.fingerprint, inbound().fingerprint}) == len("abc")
