"""What the auditor says of a simulated province, from the archives alone."""

from datetime import datetime, timedelta

from deploy.auditor.running import Scope, audit
from deploy.demo.stage import Stage


async def recount(playing: Stage, end: datetime) -> tuple[int, int, tuple[str, ...]]:
    """Return how many rungs were expected and done, and each difference by name.

    Raises:
        UnavailableError: store or broker went away.
    """
    where = playing.installation
    scope = Scope(end, grace=timedelta())
    report = await audit(where.mongo_url, where.kafka, scope)
    differences = tuple(finding.text() for finding in report.shown)
    return report.expected.total(), report.done.total(), differences
