"""Metrics of what a consumer group reads, what waits, and what it may not read."""

from prometheus_client import CollectorRegistry, Counter, Gauge


class ReadingMetrics:
    """The part of a service's metrics that is about its consumer group."""

    def declare_reading(self, registry: CollectorRegistry) -> None:
        """Declare them in a registry."""
        self.consumer_lag = Gauge(
            "motcua_consumer_lag_records",
            "Offsets of a partition that this consumer group may read and has not yet worked"
            " off.",
            ["group", "topic", "partition"],
            registry=registry,
        )
        self.partitions_halted = Gauge(
            "motcua_partitions_halted",
            "Partitions that this consumer group does not read because records were deleted"
            " before it had read them; until an operator acts.",
            ["group", "topic"],
            registry=registry,
        )
        self.foreign_members = Gauge(
            "motcua_group_members_foreign",
            "Members of this consumer group that are no replicas of its service.",
            ["group"],
            registry=registry,
        )
        self.committed_ignored = Counter(
            "motcua_committed_offsets_ignored_total",
            "Partitions begun by the service's own record against the group's committed offset:"
            " after a kill, or because somebody moved the offset or replaced the log.",
            ["group", "topic"],
            registry=registry,
        )
        self.open_transaction_age = Gauge(
            "motcua_open_transaction_age_seconds",
            "For how long an open transaction of a publisher has held up a partition, as this"
            " consumer group sees it, in wall time; absent where none is open.",
            ["group", "topic", "partition"],
            registry=registry,
        )
        self.oldest_event_age = Gauge(
            "motcua_oldest_unprocessed_event_age_seconds",
            "Age of the oldest event that this consumer group has not yet worked off, in wall"
            " time; 0 when there is none.",
            ["group", "topic"],
            registry=registry,
        )

    def ignore_committed(self, group: str, topic: str) -> None:
        """Count a committed offset that was not believed."""
        self.committed_ignored.labels(group, topic).inc()
