"""Run a service: settings, log, socket, server; and stop it so that nothing is half done."""

import errno
import gc
import signal
import socket
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any, TypeVar

import uvicorn
from typing_extensions import override

from shared.ops import log
from shared.ops.clock import ClockFileError
from shared.ops.settings import (
    EXIT_WRONG_SETTING,
    ServiceSettings,
    SettingError,
    load,
    variable_of,
)

EXIT_PORT_TAKEN = 3
EXIT_START_FAILED = 1

# Requests under way get this long, then the life span ends: together well under 20 s.
REQUESTS_FINISH_SECONDS = 5
CONNECTIONS_BACKLOG = 1_024

COLLECT_AFTER = (50_000, 50, 100)
"""After how many more objects, and rounds of the younger generations, cycles are looked for."""

_log = log.logger(__name__)
SettingsT = TypeVar("SettingsT", bound=ServiceSettings)
Application = Callable[..., Any]


class PortTakenError(Exception):
    """Somebody else listens where this service should; the text says it for the operator."""


def run_service(
    settings_class: type[SettingsT], build: Callable[[SettingsT], Application]
) -> int:
    """Read the settings, build the service and run it until it is told to stop.

    What keeps it from starting is said in one sentence on standard error; the number returned
    is the exit code: 0 stopped in order, 1 did not come up, 2 wrong setting, 3 port taken.
    """
    try:
        settings = load(settings_class)
        log.configure(
            settings_class.service, instance=settings.instance, level=settings.log_level
        )
        app = build(settings)
    except (SettingError, ClockFileError) as error:
        _say(str(error))
        return EXIT_WRONG_SETTING
    try:
        return serve(app, settings)
    except PortTakenError as error:
        _say(str(error))
        return EXIT_PORT_TAKEN


def serve(app: Application, settings: ServiceSettings) -> int:
    """Serve an application until SIGTERM or SIGINT, then let it end in order.

    The order: no new connections; requests under way finish; then the application's life span
    ends, which stops consuming, finishes, flushes and closes.

    Raises:
        PortTakenError: the address cannot be listened on.
    """
    listener = listen(settings.http_host, settings.http_port)
    # uvicorn raises the signal anew when it has stopped; that must not end us before the rest.
    signal.signal(signal.SIGTERM, lambda _number, _frame: None)
    server = _Server(
        uvicorn.Config(
            app,
            # Not uvloop: its RuntimeError on a write to a connection that just broke is unknown
            # to aiokafka, whose metadata task then dies for good, and the consumer with it.
            loop="asyncio",
            http="httptools",
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,  # A forwarded address is worth as much as who forwards it.
            timeout_graceful_shutdown=REQUESTS_FINISH_SECONDS,
            backlog=CONNECTIONS_BACKLOG,
        ),
        app,
    )
    collect_rarely()
    _log.info("starting", address=listener.getsockname()[0], port=listener.getsockname()[1])
    try:
        server.run(sockets=[listener])
    except KeyboardInterrupt:
        pass  # uvicorn raises the signal again once it has stopped in order.
    finally:
        listener.close()
    _log.info("stopped")
    return 0 if server.started and not server.lifespan.error_occurred else EXIT_START_FAILED


def collect_rarely() -> None:
    """Let the collector of cycles come less often, and pass over what lives for good.

    A batch makes tens of thousands of objects without a cycle among them, all of which it
    would walk through several times: a tenth and more of the work, for nothing.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)


def listen(host: str, port: int) -> socket.socket:
    """Open the socket before anything else starts.

    Raises:
        PortTakenError: the address cannot be listened on.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With the protocol named, asyncio sends each part of an answer at once (TCP_NODELAY): else
    # what follows the head waits 40 ms for the client's acknowledgement.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    if sys.platform != "win32":
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise PortTakenError(_why_not(host, port, error)) from None
    listener.set_inheritable(False)
    return listener


class _Server(uvicorn.Server):
    """A server that tells the application at the signal, not when all requests have ended."""

    def __init__(self, config: uvicorn.Config, app: Application) -> None:
        super().__init__(config)
        self._app = app

    @override
    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        health = getattr(getattr(self._app, "state", None), "health", None)
        if health is not None:
            health.drain()
        super().handle_exit(sig, frame)


def _why_not(host: str, port: int, error: OSError) -> str:
    where = f"{variable_of('http_port')}={port}"
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} on {host} is taken: stop what listens there or change {where}."
    if error.errno == errno.EACCES:
        return f"This user may not listen on port {port} ({where}): take one above 1023."
    if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
        return (
            f"{variable_of('http_host')}={host} is no address of this machine: "
            "give one that is, for example 127.0.0.1."
        )
    return f"Cannot listen on {host}:{port} ({error.strerror}): set {where} to another port."


def _say(sentence: str) -> None:
    sys.stderr.write(f"motcua: {sentence}\n")
    sys.stderr.flush()
