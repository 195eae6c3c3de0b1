"""What must be refused, with its reason: one table that both doors run."""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from tests.fakes.intake import OTHER_UNIT, UNIT, event

OPEN: Final = "H37.117-261110-0001"  # Accepted at UNIT.
ENDED: Final = "H37.117-261110-0002"  # Returned.
FRESH: Final = "H37.117-261110-0009"  # Not known.
SUBMITTED: Final = "H37.117-261110-0003"
WAITING: Final = "H37.117-261110-0004"  # A supplement was asked on 23 November at 08:30.
BROUGHT: Final = "H37.117-261110-0005"  # One was asked at 08:10 and brought at 08:40.
MARK: Final = "0987654321"
"""Stands in values that no answer may repeat."""

STRUCTURED: Final = {"content-type": b"application/cloudevents+json"}


@dataclass(frozen=True)
class Case:
    """One bad input: its bytes, headers without their door's prefix, and what is said of it."""

    name: str
    value: bytes
    rule: str
    path: str
    attributes: dict[str, bytes] = field(default_factory=dict)
    headers: dict[str, bytes] = field(default_factory=lambda: dict(STRUCTURED))


def accepted(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 -- Whatever could be sent.
    """A good first event, with changes; None takes an attribute away."""
    made = event("dossier.accepted", FRESH) | changes
    return {key: item for key, item in made.items() if item is not None}


def _json(made: object) -> bytes:
    return json.dumps(made, ensure_ascii=False).encode("utf-8", "surrogatepass")


def _case(name: str, made: object, rule: str, path: str) -> Case:
    return Case(name, _json(made), rule, path)


def _raw(name: str, value: bytes, rule: str, path: str = "") -> Case:
    return Case(name, value, rule, path)


def _encoded(data: object) -> dict[str, Any]:
    """Return a good event whose data stand in base64."""
    made = {key: item for key, item in accepted().items() if key != "data"}
    return made | {"data_base64": data}


def _data(name: str, rule: str, path: str, **fields: Any) -> Case:  # noqa: ANN401 -- As above.
    """Return a case of a good event whose data has these fields instead."""
    made = accepted()
    made["data"] = {
        key: item for key, item in (made["data"] | fields).items() if item is not None
    }
    return _case(name, made, rule, path)


def _of(name: str, rule: str, path: str, made: dict[str, Any]) -> Case:
    return _case(name, made, rule, path)


GOOD: Final = _json(accepted())

RECORDS: Final = (
    _raw("empty", b"", "empty-record"),
    _raw("blanks", b"  \n ", "not-json"),
    _raw("half an object", GOOD[:-20], "not-json"),
    _raw("something behind it", GOOD + b"}", "not-json"),
    _raw("two objects", GOOD + GOOD, "not-json"),
    _raw("a list", b"[" + GOOD + b"]", "not-an-object"),
    _raw("a bare string", b'"' + MARK.encode() + b'"', "not-an-object"),
    _raw("null", b"null", "not-an-object"),
    _raw("a number", b"42", "not-an-object"),
    _raw("Latin-1", GOOD.replace(b"direct", b"d\xefrect"), "not-utf8"),
    _raw("UTF-16", GOOD.decode().encode("utf-16"), "not-utf8"),
    _raw("a cut multi-byte character", b'{"id": "\xe1\xbb"}', "not-utf8"),
    _raw("two byte order marks", b"\xef\xbb\xbf" * 2 + GOOD, "not-json"),
    _raw("a byte order mark and nothing more", b"\xef\xbb\xbf", "empty-record"),
    _raw(
        "Kafka Connect's wrapper",
        b'{"schema": {"type": "struct"}, "payload": ' + GOOD + b"}",
        "connect-wrapper",
    ),
    _raw(
        "Debezium's wrapper",
        _json({**accepted(), "data": {"schema": None, "payload": accepted()["data"]}}),
        "connect-wrapper",
        "/data",
    ),
    _raw(
        "data twice",
        _json({**accepted(), "data_base64": "e30="}),
        "data-twice",
        "/data_base64",
    ),
    _raw("no base64", _json(_encoded("bí mật")), "bad-base64", "/data_base64"),
    _raw("a number as base64", _json(_encoded(7)), "bad-base64", "/data_base64"),
    _raw("base64 of no JSON", _json(_encoded("aGVsbG8=")), "not-json", "/data_base64"),
    _raw("base64 of a list", _json(_encoded("W10=")), "wrong-type", "/data"),
    _raw(
        "base64 of an abyss",
        _json(_encoded(base64.b64encode(b'{"a":' * 30 + b"1" + b"}" * 30).decode())),
        "too-deep",
        "/data/a/a",
    ),
    _raw(
        "base64 of too many values",
        _json(_encoded(base64.b64encode(b"[" + b"1," * 5_001 + b"1]").decode())),
        "too-many-values",
        "/data_base64",
    ),
    _raw(
        "base64 of XML",
        _json(_encoded("PGEvPg==") | {"datacontenttype": "application/xml"}),
        "data-not-json",
        "/datacontenttype",
    ),
    _raw("5 MB", _json(accepted(partitionkey="x" * 5_000_000)), "record-too-large"),
    _raw("just over a megabyte", b" " * 1_048_577 + GOOD, "record-too-large"),
    _raw("an image", b"\x89PNG\r\n\x1a\n" + bytes(200), "not-utf8"),
    _raw("XML", b"<event><id>1</id></event>", "not-json"),
    _raw("a key twice", GOOD.replace(b'"id":', b'"id": "x", "id":'), "duplicate-key", "/id"),
    _raw(
        "nested for ever",
        b'{"data":' + b'{"a":' * 400 + b"1" + b"}" * 401,
        "too-deep",
        "/data/a/a",
    ),
    _raw("NaN", GOOD.replace(b'"channel"', b'"fee_due": NaN, "channel"'), "bad-number"),
    _raw(
        "a number without end",
        GOOD.replace(b'"channel"', b'"fee_due": ' + b"9" * 5_000 + b', "channel"'),
        "bad-number",
    ),
    _raw(
        "half a character",
        GOOD.replace(b'"direct"', b'"dir\\ud800ect"'),
        "forbidden-character",
        "/data/channel",
    ),
    Case(
        "plain text",
        GOOD,
        "unknown-content-type",
        "/headers/content-type",
        headers={"content-type": b"text/plain"},
    ),
    *(
        Case(
            f"text in another charset: {spelt}",
            GOOD,
            "unknown-charset",
            "/headers/content-type",
            headers={"content-type": f"application/cloudevents+json{spelt}".encode()},
        )
        for spelt in ("; charset=utf-16", ';CharSet="ISO-8859-1"', " ;x=1 ; charset=latin1")
    ),
    Case(
        "a content type that is none",
        GOOD,
        "unknown-content-type",
        "/headers/content-type",
        headers={"content-type": b"application json"},
    ),
    Case(
        "a batch",
        b"[" + GOOD + b"]",
        "unknown-content-type",
        "/headers/content-type",
        headers={"content-type": b"application/cloudevents-batch+json"},
    ),
    Case(
        "a header that is not UTF-8",
        b'{"procedure": "1.004873", "channel": "direct"}',
        "header-not-utf8",
        "/headers/ce_subject",
        attributes={"specversion": b"1.0", "id": b"x1", "subject": b"H37\xff\xfe"},
        headers={"content-type": b"application/json"},
    ),
    Case(
        "binary mode without an id",
        b'{"procedure": "1.004873", "channel": "direct"}',
        "missing-field",
        "/id",
        attributes={
            "specversion": b"1.0",
            "type": b"vn.motcua.dossier.accepted.v1",
            "source": b"urn:motcua:publisher:demo",
            "subject": FRESH.encode(),
            "time": b"2026-11-23T08:00:00+07:00",
            "receivingunit": UNIT.encode(),
        },
        headers={"content-type": b"application/json"},
    ),
)

ENVELOPES: Final = (
    _case("CloudEvents 0.3", accepted(specversion="0.3"), "wrong-specversion", "/specversion"),
    _case("no specversion", accepted(specversion=None), "missing-field", "/specversion"),
    _case("no id", accepted(id=None), "missing-field", "/id"),
    _case("an empty id", accepted(id=""), "wrong-shape", "/id"),
    _case("an id with blanks", accepted(id="a b"), "wrong-shape", "/id"),
    _case("a number as id", accepted(id=7), "wrong-type", "/id"),
    _case("an endless id", accepted(id="x" * 300), "too-long", "/id"),
    _case("no source", accepted(source=None), "missing-field", "/source"),
    _case("a web address as source", accepted(source="https://a.vn"), "wrong-shape", "/source"),
    _case(
        "somebody else's source",
        accepted(source="urn:motcua:publisher:kiosk"),
        "wrong-source",
        "/source",
    ),
    _case("no type", accepted(type=None), "missing-field", "/type"),
    _case(
        "an unknown type",
        accepted(type="vn.motcua.dossier.acepted.v1"),
        "unknown-type",
        "/type",
    ),
    _case("a foreign type", accepted(type="com.example.thing"), "unknown-type", "/type"),
    _case(
        "a major of tomorrow",
        accepted(type="vn.motcua.dossier.accepted.v2"),
        "unknown-major",
        "/type",
    ),
    _case(
        "a conclusion of ours",
        accepted(type="vn.motcua.obligation.opened.v1"),
        "not-for-publishers",
        "/type",
    ),
    _case("no subject", accepted(subject=None), "missing-field", "/subject"),
    _case("a path as subject", accepted(subject="../../etc"), "wrong-subject", "/subject"),
    _case("a sentence as subject", accepted(subject="hồ sơ 1"), "wrong-subject", "/subject"),
    _case("no time", accepted(time=None), "missing-field", "/time"),
    _case("no offset", accepted(time="2026-11-23T08:00:00"), "naive-time", "/time"),
    _case(
        "another country's offset",
        accepted(time="2026-11-23T02:00:00+01:00"),
        "wrong-offset",
        "/time",
    ),
    _case("no time of day", accepted(time="2026-11-23"), "bad-time", "/time"),
    _case("seconds since 1970", accepted(time=1795312800), "bad-time", "/time"),
    _case("30 February", accepted(time="2026-02-30T08:00:00+07:00"), "bad-time", "/time"),
    _case("the future", accepted(time="2126-11-24T08:00:00+07:00"), "future-time", "/time"),
    _case("1926", accepted(time="1926-11-23T08:00:00+07:00"), "time-out-of-range", "/time"),
    _case("a sequence", accepted(sequence=1), "set-by-intake", "/sequence"),
    _case(
        "a recording time",
        accepted(recordedtime="2026-11-23T08:00:00+07:00"),
        "set-by-intake",
        "/recordedtime",
    ),
    _case("a mark", accepted(inconsistency="x"), "set-by-intake", "/inconsistency"),
    _case("a misspelt attribute", accepted(backfil=True), "unknown-field", "/backfil"),
    _case("a name in two words", accepted(trace_id="1"), "bad-attribute-name", "/trace_id"),
    _case(
        "a field beside the data",
        accepted(given="2026-12-01T17:00:00+07:00"),
        "unknown-field",
        "/given",
    ),
    _case("an object beside the data", accepted(person={"x": MARK}), "wrong-type", "/person"),
    _case(
        "attributes without end",
        accepted(**{f"other{number}": "x" for number in range(60)}),
        "too-many-attributes",
        "",
    ),
    _case(
        "data in another charset",
        accepted(datacontenttype="application/json;charset=utf-16"),
        "unknown-charset",
        "/datacontenttype",
    ),
    _case("history of its own", accepted(backfill=True), "backfill-not-allowed", "/backfill"),
    _case("half a yes", accepted(backfill="yes"), "wrong-type", "/backfill"),
)

DATA: Final = (
    _case("no data", accepted(data=None), "missing-field", "/data"),
    _case("a list as data", {**accepted(), "data": [MARK]}, "wrong-type", "/data"),
    _data("no procedure", "missing-field", "/data/procedure", procedure=None),
    _data("no such procedure", "unknown-procedure", "/data/procedure", procedure="9.999999"),
    _data("a procedure in words", "wrong-shape", "/data/procedure", procedure="khai sinh"),
    _data("an unknown channel", "not-in-list", "/data/channel", channel="pigeon"),
    _data("a field too many", "unknown-field", "/data/colour", colour="red"),
    _data("free text", "unknown-field", "/data/note", note=f"Ông Bình, {MARK}"),
    _data("a hash of its own", "set-by-intake", "/data/lookup_hash", lookup_hash="0" * 64),
    _data(
        "a word as truth", "wrong-type", "/data/components_complete", components_complete="y"
    ),
    _data("a negative fee", "out-of-range", "/data/fee_due", fee_due=-1),
    _data("half a đồng", "wrong-type", "/data/fee_due", fee_due=0.5),
    _data(
        "a deadline without offset", "naive-time", "/data/given", given="2026-12-01T17:00:00"
    ),
    _data(
        "a control character",
        "forbidden-character",
        "/data/channel",
        channel="dir\u0007ect",
    ),
    _data("a direction mark", "forbidden-character", "/data/channel", channel="dir\u202eect"),
    _data(
        "a telephone number of letters",
        "wrong-shape",
        "/data/contact/phone",
        contact={"phone": "0912x"},
    ),
    _data(
        "a contact with more",
        "unknown-field",
        "/data/contact/religion",
        contact={"name": "A", "religion": MARK},
    ),
    _of(
        "a contact where none belongs",
        "unknown-field",
        "/data/contact",
        event(
            "dossier.assigned",
            OPEN,
            {"handler": "p-06112-handler-1", "contact": {"phone": MARK}},
        ),
    ),
    _of(
        "a telephone number as a code",
        "looks-personal",
        "/data/agency",
        event("dossier.step_started", OPEN, {"step": "verify", "agency": MARK}),
    ),
    _of(
        "the zeroth request",
        "out-of-range",
        "/data/number",
        event(
            "dossier.supplement_requested",
            OPEN,
            {"items": ["A"], "number": 0, "in_person": True},
        ),
    ),
    _of(
        "fifty-one items",
        "too-long",
        "/data/items",
        event(
            "dossier.supplement_requested",
            OPEN,
            {"items": [f"A{n}" for n in range(51)], "number": 1, "in_person": True},
        ),
    ),
)

WAITS: Final = (
    _of(
        "returned before it was done",
        "illegal-transition",
        "/type",
        event("dossier.returned", OPEN, {"how": "direct"}),
    ),
    _of(
        "brought without having been asked for",
        "illegal-transition",
        "/type",
        event("dossier.supplement_received", OPEN, {"items": ["A"]}),
    ),
    _of(
        "asked for while one is waited for",
        "illegal-transition",
        "/type",
        event(
            "dossier.supplement_requested",
            WAITING,
            {"items": ["B"], "number": 2, "in_person": True},
            number=9,
        ),
    ),
    _of(
        "brought before it was asked for",
        "wait-ends-before-it-starts",
        "/time",
        event(
            "dossier.supplement_received",
            WAITING,
            {"items": ["A"]},
            time="2026-11-23T08:29:59+07:00",
        ),
    ),
    _of(
        "asked for within an earlier wait",
        "overlapping-waits",
        "/time",
        event(
            "dossier.supplement_requested",
            BROUGHT,
            {"items": ["B"], "number": 2, "in_person": True},
            number=9,
            time="2026-11-23T08:20:00+07:00",
        ),
    ),
    _of(
        "two steps ahead",
        "illegal-transition",
        "/type",
        event("dossier.returned", WAITING, {"how": "direct"}, time="2026-11-23T08:50:00+07:00"),
    ),
)
"""What waits for an earlier event, and is refused so when it does not come."""

JUDGED: Final = (
    _case("no such unit", accepted(receivingunit="99999"), "unknown-unit", "/receivingunit"),
    _case(
        "no such competent unit",
        accepted(competentunit="99999"),
        "unknown-unit",
        "/competentunit",
    ),
    _case("received nowhere", accepted(receivingunit=None), "missing-field", "/receivingunit"),
    _of(
        "a unit that has nothing to do with it",
        "foreign-unit",
        "/receivingunit",
        event(
            "dossier.assigned",
            OPEN,
            {"handler": "p-06001-handler-1"},
            receivingunit=OTHER_UNIT,
        ),
    ),
    _of(
        "a step of a dossier nobody knows",
        "unknown-dossier",
        "/subject",
        event(
            "dossier.assigned",
            FRESH,
            {"handler": "p-06112-handler-1"},
            receivingunit=UNIT,
        ),
    ),
    _of(
        "accepted twice",
        "illegal-transition",
        "/type",
        event("dossier.accepted", OPEN, number=9),
    ),
    _of(
        "put off past the published calendar",
        "outside-calendar",
        "/data/new_date",
        event("dossier.extended", OPEN, {"new_date": "2031-01-06"}),
    ),
    _of(
        "work on what has ended",
        "illegal-transition",
        "/type",
        event("dossier.assigned", ENDED, {"handler": "p-06112-handler-1"}, number=9),
    ),
    _of(
        "accepted for another procedure",
        "procedure-contradicts",
        "/data/procedure",
        event("dossier.accepted", SUBMITTED, {"procedure": "1.001193"}, number=9),
    ),
    _of(
        "moved from where it is not",
        "foreign-unit",
        "/data/from_unit",
        event("dossier.moved", OPEN, {"from_unit": OTHER_UNIT, "to_unit": UNIT}),
    ),
    _of(
        "moved to nowhere",
        "unknown-unit",
        "/data/to_unit",
        event("dossier.moved", OPEN, {"from_unit": UNIT, "to_unit": "99999"}),
    ),
    _of(
        "a correction of nothing",
        "unknown-event",
        "/data/replaces",
        event(
            "dossier.corrected",
            OPEN,
            {"replaces": "nothing", "reason": "wrong_time", "by": "p-06112-head"},
        ),
    ),
    _of(
        "a correction with other data",
        "missing-field",
        "/data/right/data/procedure",
        event(
            "dossier.corrected",
            OPEN,
            {
                "replaces": f"dossier.accepted-{OPEN}-0",
                "reason": "wrong_time",
                "by": "p-06112-head",
                "right": {
                    "time": "2026-11-23T07:30:00+07:00",
                    "data": {"channel": "direct"},
                },
            },
        ),
    ),
    _of(
        "a correction into the future",
        "future-time",
        "/data/right/time",
        event(
            "dossier.corrected",
            OPEN,
            {
                "replaces": f"dossier.accepted-{OPEN}-0",
                "reason": "wrong_time",
                "by": "p-06112-head",
                "right": {
                    "time": "2126-12-23T07:30:00+07:00",
                    "data": {"procedure": "1.004873", "channel": "direct"},
                },
            },
        ),
    ),
    _of(
        "an acknowledgement from the street",
        "not-allowed",
        "/type",
        event(
            "obligation.acknowledged",
            OPEN,
            {
                "obligation": "dossier_deadline",
                "cycle": 1,
                "rung": "half",
                "cause": "workload",
                "promised": "2026-11-25",
                "by": "p-06112-director",
            },
        ),
    ),
    _of(
        "a day off by decree of a kiosk",
        "not-allowed",
        "/type",
        event(
            "procedure.expired",
            "procedure:1.000656",
            {"procedure": "1.000656", "expired_on": "2026-11-01", "source": "QĐ 1/QĐ-UBND"},
        ),
    ),
    _of(
        "a known id with other content",
        "id-reused",
        "/id",
        event("dossier.accepted", OPEN, {"channel": "online"}),
    ),
    _of(
        "a session at no centre",
        "unknown-unit",
        "/subject",
        event("duty.rostered", "99999/duty/2026-11-23/am", {"persons": ["p-06112-head"]}),
    ),
    _of(
        "a session that is none",
        "wrong-subject",
        "/subject",
        event("duty.rostered", f"{UNIT}/duty/2026-11-23/night", {"persons": ["p-06112-head"]}),
    ),
    _of(
        "a roster filed under defects",
        "wrong-subject",
        "/subject",
        event("duty.rostered", f"{UNIT}/defect/1", {"persons": ["p-06112-head"]}),
    ),
    _of(
        "another unit's session",
        "subject-contradicts",
        "/receivingunit",
        event(
            "duty.rostered",
            f"{UNIT}/duty/2026-11-23/am",
            {"persons": ["p-06112-head"]},
            receivingunit=OTHER_UNIT,
        ),
    ),
)

CASES: Final = (*RECORDS, *ENVELOPES, *DATA, *JUDGED)
CASES_MIN: Final = 60

Named: Final[Callable[[Case], str]] = lambda case: case.name  # noqa: E731 -- For parametrize's ids.
