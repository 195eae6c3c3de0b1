"""What a start waits for, says meanwhile, and leaves behind when it takes too long."""

import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from deploy.engines.artefacts import KafkaArtefacts
from deploy.engines.embedded import start_engines
from deploy.engines.errors import EngineError, StartLateError
from deploy.engines.kafka import Kafka
from deploy.engines.process import ChildProcess
from deploy.engines.waiting import SHOWN_EVERY_S, START_WAIT_S, Wait, start_wait_s
from deploy.errors import SettingError

FOREVER = (sys.executable, "-c", "import signal; print('up', flush=True); signal.pause()")


@dataclass
class SlowEngine:
    """A program that runs, and answers from a number of questions on."""

    process: ChildProcess
    answers_at: int
    asked: int = 0
    ports: tuple[int, ...] = ()

    def start(self) -> None:
        """Start it."""
        self.process.start()

    def ready(self) -> bool:
        """Count the question."""
        self.asked += 1
        return self.asked >= self.answers_at

    def stop(self) -> None:
        """End it."""
        self.process.stop(5.0)


@dataclass
class Watch:
    """A watch that a test moves, and what was said meanwhile."""

    now: float = 0.0
    said: list[str] = field(default_factory=list)

    def wait(self, log: Path | None, seconds: float) -> Wait:
        """Begin to wait by this watch."""
        return Wait("intake", log, seconds, self.said.append, lambda: self.now)


def test_it_says_now_and_then_what_it_waits_for() -> None:
    """What, for how long of how long, what is missing, and where to look."""
    watch = Watch()
    wait = watch.wait(Path("/x/intake.log"), 60.0)
    for _ in range(59):
        wait.check("store: no answer")
        watch.now += 1.0
    assert len(watch.said) == 59 // SHOWN_EVERY_S
    assert watch.said[0] == (
        "waiting for intake: 10 of 60 s (store: no answer); see /x/intake.log"
    )


def test_too_late_is_one_sentence_with_the_way_out() -> None:
    """What was waited for, for how long, the log, and the setting to raise."""
    watch = Watch()
    wait = watch.wait(Path("/x/intake.log"), 2.5)
    watch.now = 2.5
    with pytest.raises(StartLateError) as late:
        wait.check("store: no answer")
    assert str(late.value) == (
        "intake did not get ready within 2.5 s (store: no answer); see /x/intake.log; if the "
        "machine is slow, set MOTCUA_START_WAIT_S to more than 2.5 and start again"
    )


@pytest.mark.parametrize("text", ["0", "-1", "long", "nan", "inf"])
def test_a_wrong_setting_is_named(text: str) -> None:
    """A number of seconds above 0; without it the usual one."""
    assert start_wait_s({}) == START_WAIT_S
    assert start_wait_s({"MOTCUA_START_WAIT_S": "7.5"}) == 7.5
    with pytest.raises(SettingError, match="MOTCUA_START_WAIT_S is wrong"):
        start_wait_s({"MOTCUA_START_WAIT_S": text})


def test_engines_that_were_too_slow_can_be_started_again(tmp_path: Path) -> None:
    """After a time-out no child runs and no file is in the way of the second start."""
    slow = ChildProcess("slow", FOREVER, tmp_path / "slow")
    quick = ChildProcess("quick", FOREVER, tmp_path / "quick")
    engines = [SlowEngine(quick, 1), SlowEngine(slow, 10**9)]
    with pytest.raises(StartLateError, match="the embedded slow did not get ready"):
        start_engines(engines, wait_s=0.2)
    assert not slow.alive
    assert not quick.alive
    assert list(tmp_path.rglob("*.pid")) == []

    engines[1].answers_at = engines[1].asked + 3
    start_engines(engines, wait_s=60.0)
    assert slow.alive
    assert quick.alive
    for engine in engines:
        engine.stop()


def test_preparing_kafkas_folder_may_take_too_long_and_begins_anew(tmp_path: Path) -> None:
    """The tool is ended with its log named; the next start finds no mark, so it runs again."""
    java = tmp_path / "java"
    java.write_text(f"#!/bin/sh\nexec {sys.executable} -c 'import signal; signal.pause()'\n")
    java.chmod(0o700)
    artefacts = KafkaArtefacts(java, ())
    kafka = Kafka.at(
        tmp_path / "kafka", port=1, controller_port=2, artefacts=artefacts, start_wait_s=0.2
    )
    with pytest.raises(StartLateError, match=r"Kafka's folder .*kafka-format\.log"):
        kafka.start()
    assert list(tmp_path.rglob("*.pid")) == []

    java.write_text("#!/bin/sh\necho cannot; exit 3\n")
    kafka.start_wait_s = START_WAIT_S
    with pytest.raises(EngineError, match=r"could not prepare .*cannot"):
        kafka.start()
