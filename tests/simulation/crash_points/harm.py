"""What can go wrong at a call to the outside, and a port at which it does.

Every call of every port is a point. At each point a process may die before or after the call,
the call may fail without effect, or have its effect and still answer with an error: the answer
that was lost. A write may also answer that its result is unknown.
"""

import inspect
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from shared.subjects.errors import UnavailableError


class Harm(Enum):
    """One way in which a call goes wrong."""

    DIE_BEFORE = "the process dies before"
    DIE_AFTER = "the process dies after"
    FAIL = "no effect, and an error"
    DONE_BUT_ERROR = "its effect, and an error all the same"
    DONE_BUT_UNKNOWN = "its effect, and all its writes named as lost"


class DiedError(BaseException):
    """The process is gone: no handler for errors gets to see this."""


@dataclass
class Script:
    """Counts the calls of a run and harms those that it was told to."""

    harms: Mapping[int, Harm] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)

    def next(self, label: str) -> Harm | None:
        """Return what is to happen at this call."""
        self.calls.append(label)
        return self.harms.get(len(self.calls))

    @property
    def met(self) -> bool:
        """Whether the run came as far as every harm."""
        return all(point <= len(self.calls) for point in self.harms)


class Fragile:
    """A port that does as the script says; what it harms is whatever `port` can do."""

    def __init__(self, port: Any, name: str, script: Script) -> None:  # noqa: ANN401 -- Any port.
        self._port = port
        self._name = name
        self._script = script

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 -- Whatever the port has.
        found = getattr(self._port, name)
        if not inspect.iscoroutinefunction(found):
            return found
        call: Callable[..., Awaitable[Any]] = found
        label = f"{self._name}.{name}"

        async def harmed(*arguments: Any, **named: Any) -> Any:  # noqa: ANN401 -- As above.
            harm = self._script.next(label)
            if harm is Harm.DIE_BEFORE:
                raise DiedError(label)
            if harm is Harm.FAIL:
                raise UnavailableError(f"{label} failed")
            answer = await call(*arguments, **named)
            match harm:
                case Harm.DIE_AFTER:
                    raise DiedError(label)
                case Harm.DONE_BUT_ERROR:
                    raise UnavailableError(f"the answer of {label} was lost")
                case Harm.DONE_BUT_UNKNOWN:
                    return frozenset(document.id for document in arguments[0])
            return answer

        return harmed


def harms_at(label: str) -> list[Harm]:
    """Return the ways in which this call can go wrong."""
    every = [Harm.DIE_BEFORE, Harm.DIE_AFTER, Harm.FAIL, Harm.DONE_BUT_ERROR]
    return [*every, Harm.DONE_BUT_UNKNOWN] if label.endswith(".save") else every
