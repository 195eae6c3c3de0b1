"""Waiting for what starts: how long, what is shown meanwhile, and what a time-out says."""

import math
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from deploy.engines.errors import StartLateError
from deploy.errors import SettingError

SETTING: Final = "MOTCUA_START_WAIT_S"
START_WAIT_S: Final = 300.0
"""How long one step of a start may take, unless the setting says otherwise."""

SHOWN_EVERY_S: Final = 10.0

Say = Callable[[str], None]


def start_wait_s(environ: Mapping[str, str] = os.environ) -> float:
    """Return how long one step of a start may take, in seconds.

    Raises:
        SettingError: the setting is no number above 0.
    """
    text = environ.get(SETTING)
    if not text:
        return START_WAIT_S
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not (math.isfinite(seconds) and seconds > 0):
        raise SettingError(f"{SETTING} is wrong ({text!r}): give a number of seconds above 0")
    return seconds


@dataclass(slots=True)
class Wait:
    """One step that is waited for: ask for it again and again, and call `check` between.

    Attributes:
        what: What is waited for, as the end of "waiting for …".
        log: Where the program that is waited for writes; None where it has no file here.
        wait_s: How long.
        say: Takes a sentence every `SHOWN_EVERY_S`.
    """

    what: str
    log: Path | None
    wait_s: float
    say: Say = lambda _said: None
    seconds: Callable[[], float] = time.monotonic
    _began_at: float = field(init=False)
    _shown_at: float = field(init=False)

    def __post_init__(self) -> None:
        """Begin."""
        self._began_at = self._shown_at = self.seconds()

    def check(self, missing: str = "") -> None:
        """Return while there is time left; `missing` is what the step lacks now.

        Raises:
            StartLateError: there is none.
        """
        now = self.seconds()
        lacks = f" ({missing})" if missing else ""
        see = "" if self.log is None else f"; see {self.log}"
        if now - self._began_at >= self.wait_s:
            raise StartLateError(
                f"{self.what} did not get ready within {self.wait_s:g} s{lacks}{see}; if the "
                f"machine is slow, set {SETTING} to more than {self.wait_s:g} and start again"
            )
        if now - self._shown_at >= SHOWN_EVERY_S:
            self._shown_at = now
            passed_s = now - self._began_at
            self.say(
                f"waiting for {self.what}: {passed_s:.0f} of {self.wait_s:g} s{lacks}{see}"
            )
