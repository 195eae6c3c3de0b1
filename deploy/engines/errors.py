"""What can go wrong with the embedded engines, as one sentence each."""

from deploy.errors import CommandError


class EngineError(CommandError):
    """An engine did not start, or did not come back."""


class StartLateError(EngineError):
    """An engine or a service did not get ready in time."""


class PortTakenError(EngineError):
    """Another program holds the port that an engine or a service was to have."""


class ArtefactsUnavailableError(EngineError):
    """What the engines are made of could not be fetched, or is not what we locked."""
