"""The ways in which applying a batch can end badly, told apart by what to do next."""


class UnavailableError(Exception):
    """A broker or store did not answer: nothing is wrong with the records, try again later."""


class OwnedElsewhereError(UnavailableError):
    """Another process has not published yet what comes first: try again later."""

    def __init__(self, subjects: int) -> None:
        super().__init__(
            f"another process has not published yet what comes first in {subjects} outboxes"
        )


class RefusedRecordError(Exception):
    """The broker answers and refuses records for good, or their topic takes nothing.

    Attributes:
        count: How many records were not taken.
    """

    def __init__(self, count: int, why: str) -> None:
        super().__init__(f"{count} records were not taken: {why}")
        self.count = count


class UnfoldableError(Exception):
    """One event cannot be folded into its subject: park it, the subject's others wait behind.

    `reason` is for operators; it names rules and paths, never values of data.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class StopServiceError(Exception):
    """Going on would lose or hide something: the service stops and says this sentence."""
