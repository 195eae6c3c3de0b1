"""From a request to a question, and from what went wrong to an answer."""

from types import TracebackType
from typing import Self

from services.reporting.adapters.desk import Desk
from services.reporting.core.figures import NotReconciledError, Period
from services.reporting.usecases.asked import PAGE_ROWS, Asked
from services.reporting.usecases.listing import UnknownFigureError
from shared.events.codes import PROVINCE
from shared.subjects.errors import UnavailableError
from shared.web.principal import Principal
from shared.web.problem import ProblemError, unavailable

RETRY_S = 5


class Answering:
    """Turns what goes wrong while figures are read into the answer that says so."""

    async def __aenter__(self) -> Self:
        """Begin to answer."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Raise the problem that an error stands for; any other error stays what it is."""
        if isinstance(error, NotReconciledError):
            raise unavailable(RETRY_S, "The figures are being counted anew.") from error
        if isinstance(error, UnavailableError):
            raise unavailable(RETRY_S, "The store does not answer.") from error
        if isinstance(error, UnknownFigureError):
            raise ProblemError("not-found") from error


def scope_of(principal: Principal, unit: str | None) -> frozenset[str] | None:
    """Return the units to answer for; the province's own code stands for all of them."""
    return principal.narrow(None if unit == PROVINCE else unit)


def asked_for(
    desk: Desk,
    principal: Principal,
    figure: str,
    unit: str | None,
    period: Period,
    page: int,
    field: str | None,
) -> Asked:
    """Put a question for rows together."""
    return Asked(
        figure=figure,
        units=scope_of(principal, unit),
        period=period,
        now=desk.now,
        skip=(page - 1) * PAGE_ROWS,
        field=field,
        calendar=desk.calendar(),
    )
