"""Steady load on an installation that runs: made-up dossiers, received and finished.

`python -m deploy.docker.load --rate 20` publishes twenty events a second through intake's
door, until it is stopped, and says how many were taken. Never on an installation that counts:
what it makes up is recorded like everything else.
"""

import random
import sys
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Annotated, Any, Final

import typer

from deploy.imports.sending import Sender
from deploy.installation import DataOption, Installation
from deploy.reference.load import bundled_reference
from shared.calendar.zone import ICT
from shared.ops.clock import wall_now

PUBLISHER: Final = "demo"
PATIENCE_S: Final = 300.0
SAID_EVERY_S: Final = 10.0
HANDLED_WITHIN: Final = timedelta(seconds=30)  # From acceptance to result.
NUMBERS: Final = 4_000_000  # From which a run begins anywhere, so that two do not meet.


def load(
    *,
    rate: Annotated[float, typer.Option(min=0.1, max=5_000, help="Events a second.")] = 20.0,
    seconds: Annotated[
        float | None, typer.Option(min=1, help="Stop after so long; without it, never.")
    ] = None,
    data: DataOption = None,
) -> None:
    """Publish made-up dossiers at a steady rate."""
    installation = Installation.find(data)
    sender = Sender(
        installation.http("intake"),
        installation.publisher_key(PUBLISHER),
        patience_s=PATIENCE_S,
        tell=_say,
    )
    events = stories(random.Random())  # noqa: S311  Load, not secrets.
    began = said_at = time.monotonic()
    sent = refused = 0
    while seconds is None or time.monotonic() - began < seconds:
        due = int((time.monotonic() - began) * rate) - sent
        batch = [next(events)(wall_now()) for _ in range(max(due, 0))]
        receipts = sender.send(batch)
        sent += len(batch)
        refused += sum(receipt["outcome"] != "applied" for receipt in receipts)
        if time.monotonic() - said_at >= SAID_EVERY_S:
            said_at = time.monotonic()
            _say(_figures(sent, refused, said_at - began))
        time.sleep(min(1.0, 1.0 / rate))
    sender.close()
    _say(_figures(sent, refused, time.monotonic() - began))


class Happening:
    """One event of a made-up dossier, to be dated when it is sent."""

    def __init__(self, name: str, code: str, unit: str, data: dict[str, Any]) -> None:
        self._event = {
            "specversion": "1.0",
            "id": f"load-{code}-{name}",
            "source": f"urn:motcua:publisher:{PUBLISHER}:load",
            "type": f"vn.motcua.dossier.{name}.v1",
            "subject": code,
            "datacontenttype": "application/json",
            "receivingunit": unit,
            "data": data,
        }

    def __call__(self, now: datetime) -> dict[str, Any]:
        """Return the event, as happening now."""
        return {**self._event, "time": now.astimezone(ICT).isoformat(timespec="milliseconds")}


def stories(generator: random.Random) -> Iterator[Happening]:
    """Tell of dossiers without end: one is accepted, then an earlier one is completed."""
    reference = bundled_reference()
    units = [unit for unit in reference.units.values() if unit.code != "20"]
    procedures = sorted(reference.procedures)
    number = generator.randrange(NUMBERS)
    open_dossiers: list[tuple[datetime, str, str]] = []
    while True:
        now = wall_now()
        if open_dossiers and open_dossiers[0][0] <= now:
            _, code, unit_code = open_dossiers.pop(0)
            yield Happening("completed", code, unit_code, {"result": "KQ.G15.000032"})
            continue
        unit = generator.choice(units)
        number += 1
        # A shape of its own: codes of the installation's pattern are the counters' to give.
        code = f"load-{unit.code}-{now.astimezone(ICT):%y%m%d}-{number:07d}"
        open_dossiers.append((now + HANDLED_WITHIN * generator.random(), code, unit.code))
        open_dossiers.sort()
        procedure = generator.choice(procedures)
        data = {"procedure": procedure, "channel": "direct", "components_complete": True}
        yield Happening("accepted", code, unit.code, data)


def _figures(sent: int, refused: int, seconds: float) -> str:
    return (
        f"{sent} events in {seconds:.0f} s, {sent / max(seconds, 1):.1f}/s, {refused} refused"
    )


def _say(sentence: str) -> None:
    sys.stdout.write(f"{sentence}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    typer.run(load)
