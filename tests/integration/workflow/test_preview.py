"""A proposal on real engines: previewed from the store, approved, and done as it was said."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import httpx2
import pytest

from deploy.engines.embedded import EmbeddedEngines
from deploy.topics import provision
from shared.events.envelope import Event
from shared.events.obligations import ObligationDueChanged, ObligationRungWithdrawn
from shared.events.reference import CalendarProposed
from shared.reference.proposals import approval_of
from tests.integration.workflow.running import Running, eventually, running
from tests.unit.workflow.province import (
    TEN_DAYS,
    THREE_DAYS,
    day_off,
    decision,
    province_events,
)
from tests.unit.workflow.scenario import moment
from tests.unit.workflow.test_preview import accepted

pytestmark = pytest.mark.connected

DOSSIERS = 230
"""More than the store hands over at once."""


@pytest.fixture(scope="module")
def own_engines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedEngines]:
    """Engines of our own, because reference and progress are topics that everybody shares."""
    with EmbeddedEngines.at(tmp_path_factory.mktemp("preview")) as started:
        asyncio.run(provision([started.kafka.bootstrap]))
        yield started


def dossiers() -> list[Event]:
    """Return dossiers that were accepted on Monday, every fifth with ten days."""
    return [
        accepted(number, TEN_DAYS if number % 5 == 0 else THREE_DAYS, "2026-01-05 09:00")
        for number in range(DOSSIERS)
    ]


@pytest.mark.asyncio
async def test_the_preview_is_what_the_approval_does(
    own_engines: EmbeddedEngines, tmp_path: Path
) -> None:
    """Counted from the topic: dates that move, alerts taken back; each names the approval."""
    bootstrap, url = own_engines.kafka.bootstrap, own_engines.store.url
    baseline = province_events()
    async with running(tmp_path, bootstrap, url, now=moment("2026-01-05 09:00")) as here:
        await here.input.reference(baseline)
        await eventually(here.service.reference.caught_up.is_set)
        await here.input.events(dossiers())
        for when in ("2026-01-05 09:15", "2026-01-08 18:00", "2026-01-09 09:00"):
            await here.moves_to(moment(when))
        number = len(baseline) + 1
        row = {**day_off(date(2026, 1, 8)).model_dump(), "by": "p-20-a"}
        proposal = decision(
            CalendarProposed.model_validate(row), number, moment("2026-01-09 09:00")
        )
        await here.input.reference([proposal])
        await eventually(lambda: here.service.reference.current().version == number)

        found = await previewed(here, "calendar:VN/2026-01-08")

        counts, before = found["counts"], len(here.heard.events)
        assert counts["stop_overdue"] == sum(n % 5 != 0 for n in range(DOSSIERS))
        assert found["retroactive"] is True
        approval = decision(
            approval_of(CalendarProposed.model_validate(row), "p-20-b"),
            number + 1,
            moment("2026-01-09 09:00"),
        )
        await here.input.reference([approval])
        await eventually(lambda: here.service.reference.current().version == number + 1)
        await here.rests(moment("2026-01-09 09:00"))
        moved = sum(counts[word] for word in ("later", "earlier", "kept", "beside"))
        await eventually(lambda: told(here, before, approval.id)["due_changed"] >= moved)
        done = told(here, before, approval.id)
        assert done["due_changed"] == moved
        assert done["alerts_void"] == counts["alerts_void"] > 0
        assert done["citizens"] == counts["citizens"] == DOSSIERS
        assert found["subjects"] >= DOSSIERS


async def previewed(here: Running, proposal: str) -> dict[str, Any]:
    """Ask the service over HTTP, as the province."""
    transport = httpx2.ASGITransport(app=here.app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://t") as client:
        answer = await client.get(
            f"/v1/preview/{proposal}", headers={"authorization": f"Bearer {here.key}"}
        )
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def told(here: Running, before: int, cause: str) -> Counter[str]:
    """Count what was said for the approval's reason, each event once."""
    events = {event.id: event for event in here.heard.events[before:]}
    done: Counter[str] = Counter()
    for event in events.values():
        data = event.data
        if getattr(data, "cause", None) != cause:
            continue
        if isinstance(data, ObligationDueChanged):
            done["due_changed"] += 1
            moved = data.new_due != data.old_due
            done["citizens"] += moved and data.obligation == "dossier_deadline"
        done["alerts_void"] += isinstance(data, ObligationRungWithdrawn)
    return done
