"""Every metric of ours, declared once, with a sentence that says what it measures.

Labels come from closed sets: topics, groups, kinds, channels, units, tasks. Never a dossier
code, a person or a text. Prometheus reads wall time; ages of simulated things are gauges. A
gauge without labels is NaN until somebody measures it.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
)

from shared.ops.reading_metrics import ReadingMetrics

SECONDS_END_TO_END = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)
SECONDS_HTTP = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
SECONDS_TIMER = (1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3_600.0, 14_400.0, 86_400.0)


class Metrics(ReadingMetrics):
    """The metrics of one service, in a registry of its own."""

    def __init__(self, registry: CollectorRegistry, *, process: bool = True) -> None:
        self.registry = registry
        if process:
            ProcessCollector(registry=registry)
            PlatformCollector(registry=registry)
        self._declare_service(registry)
        self._declare_door(registry)
        self.declare_reading(registry)
        self._declare_flow(registry)
        self._declare_publishing(registry)
        self._declare_obligations(registry)
        self._declare_time(registry)
        self._declare_notices(registry)
        self._declare_figures(registry)
        for gauge in vars(self).values():
            if isinstance(gauge, Gauge) and not _labels(gauge):
                gauge.set(math.nan)  # Nobody has measured it yet, which is not 0.

    def _declare_service(self, registry: CollectorRegistry) -> None:
        self.service_info = Gauge(
            "motcua_service_info",
            "Always 1; says which service, version and replica this is.",
            ["name", "version", "replica"],
            registry=registry,
        )
        self.ready = Gauge(
            "motcua_ready", "1 when every readiness check passes, else 0.", registry=registry
        )
        self.check_ok = Gauge(
            "motcua_check_ok",
            "1 when this readiness check passes, else 0.",
            ["check"],
            registry=registry,
        )
        self.impaired = Gauge(
            "motcua_impaired",
            "1 when this part works only in part, as /readyz says in words, else 0.",
            ["part"],
            registry=registry,
        )
        self.task_runs = Counter(
            "motcua_task_runs_total",
            "Passes of a background task, by outcome (done, failed).",
            ["task", "outcome"],
            registry=registry,
        )
        self.task_last_success = Gauge(
            "motcua_task_last_success_timestamp_seconds",
            "When a background task last ended a pass well, in wall time.",
            ["task"],
            registry=registry,
        )
        self.http_requests = Counter(
            "motcua_http_requests_total",
            "HTTP requests answered, by method, route template and status.",
            ["method", "route", "status"],
            registry=registry,
        )
        self.http_request_seconds = Histogram(
            "motcua_http_request_duration_seconds",
            "Time from the first byte of a request to the end of its answer.",
            ["method", "route"],
            buckets=SECONDS_HTTP,
            registry=registry,
        )

    def _declare_door(self, registry: CollectorRegistry) -> None:
        self.inbound = Counter(
            "motcua_inbound_events_total",
            "Events that reached a door of intake (http, kafka), by outcome (accepted,"
            " repeated, waiting, refused).",
            ["door", "outcome"],
            registry=registry,
        )
        self.refusals = Counter(
            "motcua_inbound_refusals_total",
            "Reasons for which intake refused events, by rule.",
            ["rule"],
            registry=registry,
        )
        self.attributes_ignored = Counter(
            "motcua_inbound_attributes_ignored_total",
            "CloudEvents attributes of others (such as middleware's) that intake ignored, by"
            " door.",
            ["door"],
            registry=registry,
        )
        self.waiting_subjects = Gauge(
            "motcua_waiting_subjects",
            "Dossiers that hold an event until the event before it arrives.",
            registry=registry,
        )
        self.waiting_ended = Counter(
            "motcua_waiting_ended_total",
            "Events that waited for an earlier one, by how that ended (applied, expired).",
            ["outcome"],
            registry=registry,
        )
        self.rejections_waiting = Gauge(
            "motcua_rejections_waiting",
            "Rejections that wait in the store because their publisher's topic does not take"
            " them.",
            ["topic"],
            registry=registry,
        )
        self.off_partition = Counter(
            "motcua_inbound_off_partition_total",
            "Records whose key is not their subject, or whose partition is not the key's.",
            ["publisher"],
            registry=registry,
        )
        self.receipts_open = Gauge(
            "motcua_receipts_open",
            "Receipts whose event is not yet accounted for; a crash leaves some behind.",
            registry=registry,
        )

    def _declare_flow(self, registry: CollectorRegistry) -> None:
        self.events_applied = Counter(
            "motcua_events_applied_total",
            "Events read from a canonical topic, by outcome (applied, repeated, held, parked).",
            ["topic", "outcome"],
            registry=registry,
        )
        self.batch_seconds = Histogram(
            "motcua_batch_duration_seconds",
            "Time to read, fold, save and publish one batch of a topic.",
            ["topic"],
            buckets=SECONDS_END_TO_END,
            registry=registry,
        )
        self.end_to_end_seconds = Histogram(
            "motcua_end_to_end_latency_seconds",
            "Time from the recording of an event at intake until its effect here is published.",
            ["topic"],
            buckets=SECONDS_END_TO_END,
            registry=registry,
        )
        self.parked_subjects = Gauge(
            "motcua_parked_subjects",
            "Subjects whose events wait behind a bad record.",
            ["topic"],
            registry=registry,
        )
        self.sequence_gaps = Gauge(
            "motcua_sequence_gaps",
            "Subjects that hold events ahead of one that has not come.",
            ["topic"],
            registry=registry,
        )
        self.sequence_gap_oldest_age = Gauge(
            "motcua_sequence_gap_oldest_age_seconds",
            "How long the oldest held event has waited for the one before it.",
            ["topic"],
            registry=registry,
        )

    def _declare_publishing(self, registry: CollectorRegistry) -> None:
        self.outbox_depth = Gauge(
            "motcua_outbox_depth_events",
            "Events decided but not yet published.",
            registry=registry,
        )
        self.outbox_oldest_age = Gauge(
            "motcua_outbox_oldest_age_seconds",
            "Age of the oldest event decided but not yet published; 0 when there is none.",
            registry=registry,
        )
        self.refused_subjects = Gauge(
            "motcua_refused_subjects",
            "Subjects whose next event the broker does not take, by its topic and the error's"
            " name.",
            ["topic", "error"],
            registry=registry,
        )

    def _declare_obligations(self, registry: CollectorRegistry) -> None:
        self.obligations_open = Gauge(
            "motcua_obligations_open",
            "Obligations not yet discharged, by kind.",
            ["kind"],
            registry=registry,
        )
        self.undated = Gauge(
            "motcua_obligations_without_date",
            "Open subjects whose date lies past the published calendar.",
            registry=registry,
        )
        self.escalations = Counter(
            "motcua_escalations_total",
            "Rungs reached, by kind and rung.",
            ["kind", "rung"],
            registry=registry,
        )
        self.coverage_gaps = Gauge(
            "motcua_coverage_gaps_open",
            "Roles of units that nobody answers for or no channel reaches, by role and reason.",
            ["role", "reason"],
            registry=registry,
        )

    def _declare_time(self, registry: CollectorRegistry) -> None:
        self.timer_lateness_seconds = Histogram(
            "motcua_timer_lateness_seconds",
            "How much later than its moment a rung was reached, in simulated or real time.",
            ["kind"],
            buckets=SECONDS_TIMER,
            registry=registry,
        )
        self.timer_oldest_unfired_age = Gauge(
            "motcua_timer_oldest_unfired_age_seconds",
            "How long the oldest passed moment waits to be looked at; 0 when none does.",
            registry=registry,
        )
        self.escalations_missing = Gauge(
            "motcua_escalations_expected_minus_done",
            "Rungs that should have been raised less those that were, per commune and rung."
            " It must read 0.",
            ["unit", "kind", "rung"],
            registry=registry,
        )
        self.audit_subjects = Gauge(
            "motcua_audit_subjects",
            "Subjects that the last audit looked at (audited), or left for the next one because"
            " they had changed just before (unsettled).",
            ["outcome"],
            registry=registry,
        )
        self.progress_mark_age = Gauge(
            "motcua_progress_least_mark_age_seconds",
            "How far the least mark of intake's progress lies behind now.",
            registry=registry,
        )
        self.data_incomplete = Gauge(
            "motcua_data_incomplete",
            "1 while obligations are swept though intake's progress stands still, else 0.",
            registry=registry,
        )
        self.calendar_horizon = Gauge(
            "motcua_calendar_horizon",
            "Days from today to the last published day of the calendar.",
            registry=registry,
        )
        self.law_watch_due = Gauge(
            "motcua_law_watch_due",
            "1 once the day has come to look at this text of the law watch again, else 0.",
            ["watch"],
            registry=registry,
        )
        self.connections_lost = Gauge(
            "motcua_connections_lost",
            "Communes whose connection to this system is lost.",
            ["system"],
            registry=registry,
        )

    def _declare_notices(self, registry: CollectorRegistry) -> None:
        self.notices = Counter(
            "motcua_notices_total",
            "Notices that entered a state (planned, held, claimed, sent, delivered, failed,"
            " unknown, obsolete), by channel.",
            ["state", "channel"],
            registry=registry,
        )
        self.notice_send_seconds = Histogram(
            "motcua_notice_send_duration_seconds",
            "Time a provider took to answer for one message.",
            ["channel"],
            buckets=SECONDS_END_TO_END,
            registry=registry,
        )
        self.notice_provider_failures = Counter(
            "motcua_notice_provider_failures_total",
            "Answers of providers other than 'taken', by reason.",
            ["channel", "reason"],
            registry=registry,
        )
        self.notices_waiting = Gauge(
            "motcua_notices_waiting",
            "Notices planned or claimed and not yet sent, by channel.",
            ["channel"],
            registry=registry,
        )
        self.notice_oldest_waiting_age = Gauge(
            "motcua_notice_oldest_waiting_age_seconds",
            "How long past its time the oldest unsent notice is; 0 when none is.",
            ["channel"],
            registry=registry,
        )

    def _declare_figures(self, registry: CollectorRegistry) -> None:
        self.units_silent = Gauge(
            "motcua_units_silent",
            "Centres that nothing was heard from on the last working day.",
            registry=registry,
        )
        self.dossiers_without_deadline = Gauge(
            "motcua_dossiers_without_deadline",
            "Open dossiers that no deadline could be computed for.",
            registry=registry,
        )
        self.figures_reconcile = Gauge(
            "motcua_figures_reconcile",
            "1 when received + carried + moved in = resolved + pending + moved out, else 0.",
            registry=registry,
        )


@dataclass(frozen=True)
class Declared:
    """What a metric is called where it is read, and what it says."""

    name: str
    kind: str
    labels: tuple[str, ...]
    sentence: str

    @property
    def series(self) -> tuple[str, ...]:
        """Name the series that a query may ask for."""
        if self.kind == "histogram":
            return tuple(self.name + suffix for suffix in ("_bucket", "_count", "_sum"))
        return (self.name,)


def declared() -> Iterator[Declared]:
    """List every metric of ours, in the order of declaration."""
    metrics = Metrics(CollectorRegistry(), process=False)
    for metric in vars(metrics).values():
        if not isinstance(metric, Counter | Gauge | Histogram):
            continue
        (family,) = metric.describe()
        name = family.name + ("_total" if family.type == "counter" else "")
        yield Declared(name, family.type, _labels(metric), family.documentation)


def _labels(metric: Counter | Gauge | Histogram) -> tuple[str, ...]:
    names: tuple[str, ...] = metric._labelnames  # noqa: SLF001 -- There is no other way to ask.
    return names


def table() -> str:
    """Render the list of metrics for the operators' page, in Markdown."""
    rows = [
        f"| `{one.name}` | {one.kind} | {', '.join(one.labels) or '–'} | {one.sentence} |"
        for one in declared()
    ]
    return "\n".join(["| metric | kind | labels | what it says |", "|---|---|---|---|", *rows])
