"""Who waits for a service to do something hears of it at once, and never waits for ever."""

import asyncio
import contextlib

import pytest

from shared.ops.pulse import Pulse


@pytest.mark.asyncio
async def test_everybody_who_waits_hears_the_next_beat() -> None:
    """No time-out ends these waits: it would come long after the test's own."""
    pulse = Pulse()
    waiting = [asyncio.create_task(pulse.since(0, seconds_max=600)) for _ in range(3)]
    await asyncio.sleep(0)
    with pulse.work():
        pass
    await asyncio.wait_for(asyncio.gather(*waiting), 10)
    assert pulse.beats == 1


@pytest.mark.asyncio
async def test_what_beat_before_the_question_was_asked_is_not_waited_for() -> None:
    """Nor is a pulse that began anew because its process did."""
    pulse = Pulse()
    with pulse.work():
        pass
    for known in (0, 7):
        await asyncio.wait_for(pulse.since(known, seconds_max=600), 10)


@pytest.mark.asyncio
async def test_while_work_is_in_hand_there_is_nothing_to_hear() -> None:
    """Work that fails has ended too."""
    pulse = Pulse()
    with pulse.work():
        waiting = asyncio.create_task(pulse.since(0, seconds_max=600))
        with contextlib.suppress(ValueError), pulse.work():
            raise ValueError
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert pulse.beats == 1
        assert not waiting.done()
    await asyncio.wait_for(waiting, 10)
    assert pulse.beats == 2


@pytest.mark.asyncio
async def test_a_service_that_does_nothing_answers_all_the_same() -> None:
    """The pulse stays where it was."""
    pulse = Pulse()
    await asyncio.wait_for(pulse.since(0, seconds_max=0.01), 10)
    assert pulse.beats == 0
