"""Every metric says what it measures, in base units, with labels from closed sets."""

import math

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import generate_latest

from shared.ops.metrics import Declared, Metrics, declared, table

DECLARED = tuple(declared())
LABELS = {
    *("name", "version", "replica", "check", "task", "outcome", "part", "method", "route"),
    *("status", "door", "rule", "group", "topic", "partition", "kind", "unit", "rung"),
    *("system", "state", "channel", "role", "reason", "error"),
    "watch",  # The rows of the bundled law watch.
    "publisher",  # Of the inbound topics, which an operator makes one by one.
}
UNITS = ("_total", "_seconds", "_records", "_events", "_days", "_info", "_subjects")
STATES = (
    *(
        "_ready",
        "_impaired",
        "_ok",
        "_open",
        "_gaps",
        "_lost",
        "_incomplete",
        "_reconcile",
        "_waiting",
        "_halted",
        "_foreign",
    ),
    *("_silent", "_deadline", "_done", "_date", "_horizon", "_due"),
)


@pytest.mark.parametrize("metric", DECLARED, ids=lambda metric: metric.name)
def test_a_metric_is_named_and_said_as_agreed(metric: Declared) -> None:
    """A metric is named and said as agreed."""
    assert metric.name.startswith("motcua_")
    assert metric.name.endswith(UNITS + STATES)
    assert (metric.kind == "counter") == metric.name.endswith("_total")
    assert metric.sentence.endswith(".")
    assert set(metric.labels) <= LABELS


def test_names_are_used_once() -> None:
    """Names are used once."""
    names = [metric.name for metric in DECLARED]
    assert len(names) == len(set(names))
    assert len(names) > 30


def test_two_services_in_one_process_do_not_meet() -> None:
    """Two services in one process do not meet."""
    one = Metrics(CollectorRegistry())
    other = Metrics(CollectorRegistry())
    one.outbox_depth.set(5)
    unset = other.registry.get_sample_value("motcua_outbox_depth_events")
    assert unset is not None
    assert math.isnan(unset)
    assert b"motcua_outbox_depth_events 5.0" in generate_latest(one.registry)


def test_the_table_lists_them_all() -> None:
    """The table lists them all."""
    text = table()
    assert all(f"`{metric.name}`" in text for metric in DECLARED)
