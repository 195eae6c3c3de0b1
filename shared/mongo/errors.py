"""The driver's many exceptions, reduced to the one that callers act on."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import stamina
from pymongo.errors import (
    AutoReconnect,
    ConnectionFailure,
    ExecutionTimeout,
    NotPrimaryError,
    PyMongoError,
    ServerSelectionTimeoutError,
    WTimeoutError,
)

from shared.subjects.errors import UnavailableError

TRANSIENT: Final = (
    AutoReconnect,
    ConnectionFailure,
    ExecutionTimeout,
    NotPrimaryError,
    ServerSelectionTimeoutError,
    WTimeoutError,
)
"""What may go away by itself."""

DUPLICATE_KEY: Final = 11000
INDEX_DIFFERS: Final = 85
"""An index of this name is there with other options."""


def repeatable() -> stamina.BoundAsyncRetryingCaller:
    """Return a caller for what may safely run twice: at most 4 attempts within 5 s."""
    return stamina.AsyncRetryingCaller(
        attempts=4, timeout=5.0, wait_initial=0.05, wait_max=1.0
    ).on(TRANSIENT)


@asynccontextmanager
async def translated() -> AsyncIterator[None]:
    """Turn what the driver raises into `UnavailableError`; a bug of ours passes unchanged."""
    try:
        yield
    except TRANSIENT as error:
        raise UnavailableError(f"the store does not answer: {type(error).__name__}") from error
    except PyMongoError as error:
        if _is_transient(error):
            raise UnavailableError(f"the store refuses for now: {error}") from error
        raise


def _is_transient(error: PyMongoError) -> bool:
    return error.has_error_label("TransientTransactionError") or error.has_error_label(
        "RetryableWriteError"
    )
