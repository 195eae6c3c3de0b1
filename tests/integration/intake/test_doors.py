"""Both doors on a real broker and store: records a foreign program could send, and restarts."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any

import pytest

from deploy.topics import provision
from services.intake.settings import IntakeSettings
from shared.events.topics import CONTACTS, DOSSIERS, PROGRESS, inbound, rejected
from shared.mongo.client import Mongo
from shared.web.keys import mint
from tests.contract.intake.cases import (
    BROUGHT,
    CASES,
    ENDED,
    OPEN,
    SUBMITTED,
    WAITING,
    Case,
)
from tests.fakes.intake import UNIT, event
from tests.integration.intake.running import (
    ends,
    producer,
    read,
    running,
    with_reference,
    worked_off,
)

pytestmark = [pytest.mark.connected, pytest.mark.timeout(300)]

KNOWN = tuple(code.encode() for code in (OPEN, ENDED, SUBMITTED, WAITING, BROUGHT))
PER_CASE = [case for case in CASES if not any(code in case.value for code in KNOWN)]


@pytest.mark.asyncio
async def test_bad_records_come_back_with_reasons_and_good_ones_pass(
    settings: IntakeSettings, kafka_bootstrap: str, unique: str
) -> None:
    """Every case of the table as a real record, in one partition with good neighbours.

    A position that is committed is not read again: after a restart nothing comes twice.
    """
    publisher = f"p-{unique}"[:31]
    await provision([kafka_bootstrap], [inbound(publisher), rejected(publisher)])
    topic = inbound(publisher).name
    key = mint(settings.keys_file, role="operator")
    since = await ends(kafka_bootstrap, DOSSIERS)
    good = [accepted(f"{unique}-{number}", publisher) for number in range(len(PER_CASE) + 1)]
    async with running(settings, key) as first:
        with_reference(first.intake)
        async with producer(kafka_bootstrap) as sending:
            for neighbour, case in zip(good, PER_CASE, strict=False):
                await sending.send_and_wait(topic, neighbour, partition=3)
                await sending.send_and_wait(
                    topic,
                    as_sent_by(publisher, case),
                    key=b"any",
                    partition=3,
                    headers=headers_of(case),
                )
            await sending.send_and_wait(topic, good[-1], partition=3)
        await worked_off(first.intake)
    async with running(settings, key) as second:
        with_reference(second.intake)
        await worked_off(second.intake)
        assert second.intake.consumption.handled == 0
    published = [
        json.loads(record.value) for record in await read(kafka_bootstrap, DOSSIERS, since)
    ]
    mine = [one["subject"] for one in published if one["subject"].startswith(unique)]
    assert sorted(mine) == sorted(f"{unique}-{number}" for number in range(len(good)))
    refusals = [
        json.loads(record.value)
        for record in await read(kafka_bootstrap, rejected(publisher), {})
    ]
    said = {PER_CASE[one["offset"] // 2].name: rule_of(one) for one in refusals}
    assert said == {case.name: case.rule for case in PER_CASE}


def rule_of(rejection: dict[str, Any]) -> str:
    """Return the first rule; these records are not under their keys, on purpose."""
    rules = [str(one["rule"]) for one in rejection["faults"]]
    return next(rule for rule in rules if rule != "key-not-subject")


@pytest.mark.asyncio
async def test_a_restart_has_reference_receipts_numbers_and_codes(
    settings: IntakeSettings, kafka_bootstrap: str
) -> None:
    """What one process has learned the next one knows: from the store, not from memory."""
    province = mint(settings.keys_file, role="publisher", publisher="province")
    clerk = mint(settings.keys_file, role="clerk", units={UNIT})
    body = {"unit": UNIT, "procedure": "1.000656", "contact": {"phone": "0912345678"}}
    since = await ends(kafka_bootstrap, CONTACTS, PROGRESS)
    rows = b"\n".join(json.dumps(one).encode() for one in reference_rows())
    codes = []
    for process in range(2):
        async with running(settings, province) as one:
            taken = await one.client.post(
                "/v1/events", content=rows, headers={"content-type": "application/x-ndjson"}
            )
            told = [json.loads(line) for line in taken.text.splitlines()]
            assert [row["repeated"] for row in told] == [process > 0] * len(told), taken.text
            for name in ("same", f"own-{process}"):
                answer = await one.client.post(
                    "/v1/dossiers",
                    json=body,
                    headers={"authorization": f"Bearer {clerk}", "idempotency-key": name},
                )
                assert answer.is_success, answer.text
                codes.append(answer.json()["code"].rpartition("-")[2])
            await worked_off(one.intake)
            assert one.intake.receive.references.current().version == len(told)
    assert codes == ["0001", "0002", "0001", "0003"]
    contacts = [
        json.loads(record.value)
        for record in await read(kafka_bootstrap, CONTACTS, since)
        if record.value is not None
    ]
    assert len({one["key"] for one in contacts}) == 3
    marks = await read(kafka_bootstrap, PROGRESS, since)
    assert {"http/0", "motcua.inbound.demo.v1/11"} <= {one.key.decode() for one in marks}
    kept = Mongo(settings.mongo_url.get_secret_value(), settings.mongo_database)
    for name in ("subjects", "contacts", "receipts", "archive"):
        assert "0912345678" not in repr(await kept.collection(name).find({})), name
    await kept.close()


@pytest.mark.asyncio
async def test_counting_codes_at_once_gives_no_number_twice(
    settings: IntakeSettings,
) -> None:
    """Fifty counters at the same moment: as many different codes."""
    clerk = mint(settings.keys_file, role="clerk", units={UNIT})
    body = {"unit": UNIT, "procedure": "1.000656"}
    async with running(settings, clerk) as one:
        with_reference(one.intake)
        answers = await asyncio.gather(
            *(
                one.client.post(
                    "/v1/dossiers", json=body, headers={"idempotency-key": f"at-once-{number}"}
                )
                for number in range(50)
            )
        )
    codes = [answer.json()["code"] for answer in answers]
    assert len(set(codes)) == len(codes)


def accepted(code: str, publisher: str) -> bytes:
    """Make a good record."""
    return json.dumps(event("dossier.accepted", code, publisher=publisher)).encode()


def as_sent_by(publisher: str, case: Case) -> bytes | None:
    """Return a case's value with the publisher's own source."""
    return case.value.replace(b"publisher:demo", f"publisher:{publisher}".encode()) or None


def headers_of(case: Case) -> list[tuple[str, bytes]]:
    """Return a case's headers as Kafka has them."""
    attributes = [(f"ce_{name}", text) for name, text in case.attributes.items()]
    return [*case.headers.items(), *attributes]


def reference_rows() -> Sequence[dict[str, Any]]:
    """A unit and a procedure from the bundled data, which is all that this needs."""
    from deploy.reference.load import reference_documents  # noqa: PLC0415 -- Reads files.

    wanted = {f"unit:{UNIT}", "procedure:1.000656"}
    return [one for one in reference_documents() if one["subject"] in wanted]
