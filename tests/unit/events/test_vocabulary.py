"""Topics, partitioner, ids, look-up, rules: the small things that all services share."""

import re
import string

import pytest
from aiokafka.partitioner import murmur2 as java_murmur2

from shared.events import ids, lookup, topics
from shared.events.contacts import Contact, ContactPart, contact_document
from shared.events.faults import STATUS_VI, fault
from shared.events.partitioner import murmur2, partition_of
from shared.events.progress import ProgressMark, progress_document
from shared.events.registry import REGISTRY, WITH_CONTACT
from shared.events.rejections import Rejection, fault_rows, rejection_document, value_hash
from shared.events.rules import RULES
from shared.events.transitions import Status
from tests.unit.events.made import EIGHT


def test_all_keyed_topics_have_as_many_partitions() -> None:
    """One subject has one partition number on all of them."""
    keyed = [
        topics.DOSSIERS,
        topics.CENTRES,
        topics.OBLIGATIONS,
        topics.NOTICES,
        topics.CONTACTS,
        topics.inbound("kiosk"),
        topics.replay("workflow"),
    ]
    assert {topic.partitions for topic in keyed} == {topics.PARTITIONS}
    assert topics.REFERENCE.partitions == topics.PROGRESS.partitions == 1


def test_topics_are_kept_as_long_as_the_design_says() -> None:
    """Contacts are compacted within a day, inbound topics keep 72 hours and take 6 MiB."""
    inbound = topics.inbound("kiosk").config
    assert inbound["retention.ms"] == str(72 * 3600 * 1000)
    assert inbound["max.message.bytes"] == str(6 * 1024 * 1024)
    assert inbound["message.timestamp.type"] == "LogAppendTime"
    assert topics.CONTACTS.config["cleanup.policy"] == "compact"
    assert topics.CONTACTS.config["max.compaction.lag.ms"] == str(24 * 3600 * 1000)
    assert topics.PROGRESS.config["cleanup.policy"] == "compact"
    assert topics.DOSSIERS.config["retention.ms"] == "-1"


def test_personal_data_travel_where_only_intake_and_notifications_read() -> None:
    """Contacts are read by notifications alone."""
    assert topics.CONTACTS.readers == ("notifications",)
    assert [topic.name for topic in topics.TOPICS.values() if topic.personal] == [
        topics.CONTACTS.name
    ]


def test_names_of_publishers_and_groups_are_checked() -> None:
    """No topic is ever named after something that is none."""
    assert topics.publisher_of_topic("motcua.inbound.kiosk.v1") == "kiosk"
    assert topics.publisher_of_topic("motcua.dossiers.v1") is None
    for wrong in ("Kiosk", "", "a", "kiosk.v1", "x" * 32):
        with pytest.raises(ValueError, match="publisher"):
            topics.inbound(wrong)
        with pytest.raises(ValueError, match="publisher"):
            topics.rejected(wrong)
    with pytest.raises(ValueError, match="group"):
        topics.replay("auditors")


@pytest.mark.parametrize("key", [b"", b"a", b"ab", b"abc", b"abcd", b"H37.120-261123-0001"])
def test_the_partitioner_is_the_java_clients(key: bytes) -> None:
    """The same hash, and the same partition."""
    assert murmur2(key) == java_murmur2(key)
    assert partition_of(key, 12) == (java_murmur2(key) & 0x7FFFFFFF) % 12


def test_known_values_of_the_java_clients_own_test() -> None:
    """The vectors of Kafka's UtilsTest."""
    vectors = {
        b"21": -973932308,
        b"foobar": -790332482,
        b"a-little-bit-long-string": -985981536,
        b"a-little-bit-longer-string": -1486304829,
        b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971,
        b"abc": 479470107,
    }
    for key, expected in vectors.items():
        assert murmur2(key) == expected & 0xFFFFFFFF


def test_derived_ids_are_stable_and_distinct() -> None:
    """The same cause gives the same id for ever; parts are not glued together."""
    assert ids.derived_id("e1", "obligation.opened") == "f1492ebd-bb47-5c60-895b-767eb9dcb965"
    assert ids.derived_id("e1", "a", "b") != ids.derived_id("e1", "ab")
    assert ids.derived_id("e1", "a") != ids.derived_id("e2", "a")


def test_the_look_up_secret_can_be_typed_in_any_case() -> None:
    """Ten characters on the slip; the hash depends on key, code and secret."""
    secret = lookup.lookup_secret(b"k1", "H37.120-261123-0001")
    assert re.fullmatch(r"[A-Z2-7]{10}", secret)
    hashed = lookup.lookup_hash(b"k2", "H37.120-261123-0001", secret)
    assert re.fullmatch(r"[0-9a-f]{64}", hashed)
    assert lookup.lookup_hash(b"k2", "H37.120-261123-0001", f" {secret.lower()} ") == hashed
    assert lookup.lookup_hash(b"k2", "H37.120-261123-0002", secret) != hashed
    assert lookup.lookup_hash(b"k3", "H37.120-261123-0001", secret) != hashed


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES.keys())
def test_every_rule_says_the_same_in_both_languages(rule: object) -> None:
    """No sentence is missing, and the words to fill in are known ones."""
    known = {
        "size", "limit", "position", "line", "column", "hint", "hint_vi", "expected",
        "expected_vi", "values", "shape", "shape_vi", "example", "range", "first", "second",
        "major", "writer", "field", "publisher", "name", "current", "allowed", "row",
        "count", "last", "since", "since_vi", "until", "unit", "columns", "left", "right",
    }  # fmt: skip
    for name in ("detail", "remedy", "detail_vi", "remedy_vi"):
        text = getattr(rule, name)
        assert text.endswith("."), text
        used = {part for _, part, _, _ in string.Formatter().parse(text) if part}
        assert used <= known, used - known


def test_a_fault_needs_all_words_of_its_rule() -> None:
    """A sentence with a hole is a bug of ours, and is found at once."""
    with pytest.raises(KeyError):
        fault("record-too-large", size=5)
    with pytest.raises(KeyError):
        fault("no-such-rule")


def test_every_status_has_its_national_name() -> None:
    """Ten statuses, ten names."""
    assert STATUS_VI.keys() == set(Status)


def test_every_type_has_a_docstring_an_example_and_a_name() -> None:
    """The contract can be read by somebody who has nothing else."""
    for name, kind in REGISTRY.items():
        assert name == kind.model.NAME
        assert kind.model.__doc__
        assert kind.model.model_validate(dict(kind.example)) is not None
    assert REGISTRY.keys() >= WITH_CONTACT


def test_contacts_marks_and_rejections_are_written_without_nulls() -> None:
    """What is absent is left out, as in events."""
    part = ContactPart(name="Nguyễn Văn Mẫu", phone="0900000000")
    contact = Contact(
        **part.model_dump(), key="H37.120-261123-0001", version=1, role="applicant",
        recordedtime=EIGHT,
    )  # fmt: skip
    assert contact_document(contact) == {
        "name": "Nguyễn Văn Mẫu",
        "phone": "0900000000",
        "language": "vi",
        "key": "H37.120-261123-0001",
        "version": 1,
        "role": "applicant",
        "recordedtime": "2026-11-23T08:05:00+07:00",
    }
    mark = ProgressMark(input="http", partition=0, through=EIGHT)
    assert mark.key == "http/0"
    assert progress_document(mark) == {
        "input": "http",
        "partition": 0,
        "through": "2026-11-23T08:05:00+07:00",
    }
    rejection = Rejection(
        publisher="kiosk",
        hash=value_hash(b"{"),
        at=EIGHT,
        faults=fault_rows([fault("empty-record")]),
    )
    assert rejection.key == value_hash(b"{")
    document = rejection_document(rejection)
    assert document["faults"][0]["rule"] == "empty-record"
    assert "event_id" not in document
