"""Topics of an installation: made, and on the embedded broker restored, whenever it starts.

A broker of ours has no other address, so what it lacks is lost and nothing can be published on
the wrong one. A cluster's topics are restored by `motcua restore topics` alone.
"""

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeVar

from deploy.durability import Durability
from deploy.engines.embedded import Engine
from deploy.engines.waiting import Say, Wait
from deploy.errors import CommandError
from deploy.installation import Installation
from deploy.publishers import remember, remembered
from deploy.restore.topics import restore_topics, short_topics, summary
from deploy.topics import (
    PUBLISHERS,
    BrokerAwayError,
    Provisioned,
    known_publishers,
    provision,
    wanted,
)
from shared.subjects.errors import UnavailableError

POLL_S: Final = 0.2
STOP_WAIT_S: Final = 10.0

Answer = TypeVar("Answer")


@dataclass(slots=True)
class KeepTopics:
    """Provisions topics, and restores those of the embedded broker.

    Attributes:
        installation: Where the broker and the stores are.
        durability: How new topics are kept, where the environment states it.
        broker: The embedded broker; None on a cluster.
        start_wait_s: How long a step may take.
        say: Takes a line.
    """

    installation: Installation
    durability: Durability | None
    broker: Engine | None
    start_wait_s: float
    say: Say
    _pid: int | None = None
    _stopping: threading.Event = field(default_factory=threading.Event)
    _mending: threading.Thread | None = None

    def make(self) -> None:
        """Make the topics that are missing, restore what the embedded broker lost, say both.

        Raises:
            CommandError: the broker refuses, or does not answer in time.
        """
        if self.broker is not None:
            self._pid = self.broker.process.pid
        log = None if self.broker is None else self.broker.process.log
        done = self._patiently(lambda: asyncio.run(self._provision()), log)
        if done.created:
            self.say(f"topics: {len(done.created)} created")
        for sentence in done.left_alone():
            self.say(f"topics: {sentence}")
        if self.broker is not None:
            self._restore(log)

    def look(self) -> None:
        """Notice that the embedded broker was started again, and see to its topics.

        That takes a thread of its own: other processes are looked after meanwhile.
        """
        if self.broker is None or self._is_mending:
            return
        pid = self.broker.process.pid
        if pid is None or pid == self._pid or not self.broker.ready():
            return
        self._mending = threading.Thread(target=self._mend, name="topics", daemon=True)
        self._mending.start()

    def stop(self) -> None:
        """End what is under way; the next start goes on with it."""
        self._stopping.set()
        if self._mending is not None:
            self._mending.join(STOP_WAIT_S)

    @property
    def _is_mending(self) -> bool:
        return self._mending is not None and self._mending.is_alive()

    def _mend(self) -> None:
        try:
            self.make()
        except CommandError as error:
            self._pid = None  # It is tried again.
            self.say(f"the topics of the broker that was started again: {error}")

    def _restore(self, log: Path | None) -> None:
        short = self._patiently(lambda: asyncio.run(short_topics(self.installation)), log)
        if not short:
            return
        topics = sorted({topic for topic, _ in short})
        self.say(
            f"the broker lacks records that it had acknowledged ({', '.join(topics)}): "
            "publishing them again from the store"
        )
        try:
            done = asyncio.run(
                restore_topics(self.installation, say=self.say, stopping=self._stopping)
            )
        except (CommandError, UnavailableError) as error:
            # The services say the same on readiness, with the command.
            self.say(f"the topics are not restored: {error}")
            return
        for line in summary(done, dry_run=False):
            self.say(line)

    def _patiently(self, ask: Callable[[], Answer], log: Path | None) -> Answer:
        """Ask until the broker and the store answer.

        Raises:
            CommandError: they do not in time.
        """
        wait = Wait("the topics", log, self.start_wait_s, self.say)
        while True:
            try:
                return ask()
            except (BrokerAwayError, UnavailableError) as error:
                wait.check(str(error))
                if self._stopping.wait(POLL_S):
                    raise CommandError("the installation stops") from error

    async def _provision(self) -> Provisioned:
        """Make what is missing, on the embedded broker for every publisher that was added."""
        where = self.installation.kafka
        durability = self.installation.durability(self.durability)
        if self.broker is None:
            return await provision(where, durability=durability)
        names = remembered(self.installation.data) | await known_publishers(where)
        done = await provision(where, wanted({*PUBLISHERS, *names}), durability=durability)
        remember(self.installation.data, *names)
        return done
