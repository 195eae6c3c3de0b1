"""Log lines as JSON: one object a line, no line breaks to forge, no personal data.

What may be said is a closed list of keys; anything else is dropped and its name is said
instead, so that a careless call shows itself without leaking. Of exceptions the type and the
place are kept, and the text only of those whose text is known to hold no values of ours.
"""

import logging
import sys
import traceback
import unicodedata
from collections.abc import Sequence
from contextlib import AbstractContextManager
from types import TracebackType
from typing import TextIO

import orjson
import structlog
from structlog.contextvars import bound_contextvars
from structlog.typing import EventDict, WrappedLogger

TEXT_CHARACTERS_MAX = 2_000
IDS_MAX = 20

_ALLOWED = """
timestamp level logger event service instance version text
event_id event_ids event_name subject sequence unit publisher reference_version generation
group topic topics partition partitions offset position lag
place first_offset end_offset begins_at committed stored client_id host
key_id role method route status request_id address port door outcome
rule rules reason task attempt check missing ready state action
numbers_for
records subjects applied repeated held parked refused accepted losers published emitted
adopted conflict gap times owners
outbox swept due rungs count total
kind rung cycle channel notice_id template provider_status
seconds milliseconds now until next_at mark marks rate
ends_at written_end remedy reason
file row exit_code error where dropped
"""
ALLOWED = frozenset(_ALLOWED.split())
# Their texts say what a machine or a setting did, and quote no content of events.
_TELLING = ("shared.", "services.", "deploy.", "aiokafka.", "uvicorn.", "ssl.", "socket.")

ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None]


def configure(
    service: str, *, instance: str, level: str = "info", stream: TextIO | None = None
) -> None:
    """Send the log lines of this process, and of its libraries, to `stream` as JSON."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _Origin(service, instance),
        describe_exception,
        keep_allowed,
        escape_text,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared[:3],
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream or sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared[:3],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *shared[3:],
                render,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for noisy in ("aiokafka", "faststream", "uvicorn.access", "pymongo", "asyncio"):
        logging.getLogger(noisy).setLevel(max(logging.WARNING, root.level))


def logger(name: str) -> structlog.stdlib.BoundLogger:
    """Get the logger of a module."""
    bound: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return bound


def about(**fields: object) -> AbstractContextManager[None]:
    """Bind fields (`event_id`, `subject`) to every line within a `with` block."""
    return bound_contextvars(**fields)


def batch_line(
    log: structlog.stdlib.BoundLogger,
    *,
    topic: str,
    event_ids: Sequence[str],
    seconds: float,
    **counts: int,
) -> None:
    """Write the one line that sums up a batch; of many ids it names the first few."""
    log.info(
        "batch",
        topic=topic,
        records=len(event_ids),
        event_ids=list(event_ids[:IDS_MAX]),
        milliseconds=round(seconds * 1000, 1),
        **counts,
    )


class _Origin:
    """A processor that says which service and replica speaks."""

    def __init__(self, service: str, instance: str) -> None:
        self._fields = {"service": service, "instance": instance}

    def __call__(self, _logger: WrappedLogger, _name: str, line: EventDict) -> EventDict:
        return {**line, **self._fields}


def describe_exception(_logger: WrappedLogger, _name: str, line: EventDict) -> EventDict:
    """Replace an exception by its type, its place, and its text where that is harmless."""
    info = line.pop("exc_info", None)
    line.pop("stack_info", None)
    if info is True:
        info = sys.exc_info()
    elif isinstance(info, BaseException):
        info = (type(info), info, info.__traceback__)
    if not isinstance(info, tuple) or info[1] is None:
        return line
    line["error"] = " <- ".join(_chain(info[1]))
    line["where"] = [
        f"{frame.name} ({'/'.join(frame.filename.split('/')[-3:])}:{frame.lineno})"
        for frame in traceback.extract_tb(info[2])[-12:]
    ]
    return line


def keep_allowed(_logger: WrappedLogger, _name: str, line: EventDict) -> EventDict:
    """Drop every key that is not on the list, and say which."""
    dropped = sorted(str(key) for key in line if key not in ALLOWED)
    if not dropped:
        return line
    kept = {key: value for key, value in line.items() if key in ALLOWED}
    return {**kept, "dropped": dropped}


def escape_text(_logger: WrappedLogger, _name: str, line: EventDict) -> EventDict:
    """Make every text one line that a terminal shows as it is."""
    return {key: _escape(value) for key, value in line.items()}


def render(_logger: WrappedLogger, _name: str, line: EventDict) -> str:
    """Turn a line into JSON."""
    return orjson.dumps(line, default=lambda value: _clean(str(value))).decode()


def _escape(value: object) -> object:
    if isinstance(value, str):
        return _clean(value)
    if isinstance(value, list | tuple | set | frozenset):
        return [_escape(part) for part in value]
    if isinstance(value, dict):
        return {_clean(str(key)): _escape(part) for key, part in value.items()}
    return value


def _clean(text: str) -> str:
    """Escape controls, line and paragraph separators, bidi and other format characters."""
    if text.isascii() and text.isprintable() and len(text) <= TEXT_CHARACTERS_MAX:
        return text
    shown = text[:TEXT_CHARACTERS_MAX] + ("…" if len(text) > TEXT_CHARACTERS_MAX else "")
    return "".join(
        f"\\u{ord(c):04x}" if unicodedata.category(c) in {"Cc", "Cf", "Cs", "Zl", "Zp"} else c
        for c in shown
    )


def _chain(error: BaseException | None) -> list[str]:
    names: list[str] = []
    while error is not None and len(names) < 5:  # noqa: PLR2004 -- Deeper causes tell nothing new.
        kind = type(error)
        name = f"{kind.__module__}.{kind.__qualname__}".removeprefix("builtins.")
        telling = isinstance(error, OSError | ImportError) or name.startswith(_TELLING)
        names.append(f"{name}: {error}" if telling and str(error) else name)
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return names
