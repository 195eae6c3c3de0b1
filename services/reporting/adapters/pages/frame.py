"""What every page shares: its language, its period, its addresses, its words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from fastapi import Request
from markupsafe import Markup
from typing_extensions import override

from services.reporting.adapters.pages import formats
from services.reporting.core.clocks import local_day
from services.reporting.core.figures import Period
from services.reporting.core.outages import system_of
from services.reporting.core.rollups import month_of, next_month
from shared.web.problem import ProblemError
from shared.web.site import PageFrame

ALL: Final = "all"
MONTHS_A_QUARTER: Final = 3
DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Chosen:
    """The period that an address asks for, and how it says so."""

    period: Period
    query: Mapping[str, str]
    name: str


@dataclass(frozen=True, slots=True)
class Frame(PageFrame):
    """One request for a page of reporting: a period and perhaps a unit beside the rest."""

    chosen: Chosen
    unit: str | None
    desk_url: str

    @override
    def kept(self) -> dict[str, str]:
        """Return the period and the language."""
        # Zero arguments would look for the class that slots=True replaced.
        return {**self.chosen.query, **PageFrame.kept(self)}

    def period_link(self, name: str, kept: Mapping[str, str | None]) -> str:
        """Return this page's address for a period that has a name."""
        gone = dict.fromkeys(("from", "to"))
        return self.link(self.path, **{**gone, **kept, "period": name})

    def figure(self, name: str) -> str:
        """Say which figure it is; one of a single system by the system's code."""
        system = system_of(name)
        if system is None:
            return self.say(name)
        return self.say("connection_delayed_by", system=system)

    def rows_link(self, figure: str, **changes: str | None) -> str:
        """Return the address of the rows behind a number."""
        return self.link("/rows", **{"figure": figure, "unit": self.unit, **changes})


def linked(text: str, href: str) -> Markup:
    """Return a number, or a word, as a link to what is behind it."""
    return Markup('<a href="{}">{}</a>').format(href, text)


def sentence(frame: Frame, key: str, **parts: str) -> Markup:
    """Return a sentence of ours with parts that may be links; plain parts are escaped."""
    return Markup(frame.say(key)).format(**parts)  # noqa: S704 -- Our own words.


def choose_period(request: Request, now: datetime) -> Chosen:
    """Read the period from the address: two days, or a name; this month when it says neither.

    Raises:
        ProblemError: A day cannot be read, or the period ends before it begins.
    """
    params = request.query_params
    first, last = _day(params.get("from")), _day(params.get("to"))
    if first is not None or last is not None:
        if first is not None and last is not None and last < first:
            raise _wrong_period()
        query = {
            name: value.isoformat()
            for name, value in (("from", first), ("to", last))
            if value is not None
        }
        return Chosen(Period(first, last), query, "")
    name = params.get("period", "")
    today = local_day(now)
    if name == ALL:
        return Chosen(Period(None, None), {"period": ALL}, ALL)
    if name and name not in named_periods(today):
        raise _wrong_period()
    query = {"period": name} if name else {}
    return Chosen(named_periods(today)[name or "this_month"], query, name or "this_month")


def named_periods(today: date) -> dict[str, Period]:
    """Return the periods that have a name, as they lie around a day."""
    month = month_of(today)
    before = month_of(month - DAY)
    quarter = month.replace(month=month.month - (month.month - 1) % MONTHS_A_QUARTER)
    return {
        "this_month": Period(month, next_month(month) - DAY),
        "last_month": Period(before, month - DAY),
        "this_quarter": Period(quarter, today),
        "this_year": Period(month.replace(month=1), today),
    }


def period_text(frame: Frame) -> str:
    """Say which days the page is about; a period that is not over ends today."""
    period = frame.chosen.period
    today = local_day(frame.now)
    last = min(period.last or today, today)
    if period.first is None:
        return frame.say("since_start", day=formats.day(last))
    same_year = period.first.year == last.year
    return frame.say(
        "from_to", first=formats.day(period.first, year=not same_year), last=formats.day(last)
    )


def period_name(frame: Frame) -> str:
    """Name the period for the corner of the page."""
    period = frame.chosen.period
    if period.first is None:
        return frame.say("all_time")
    last = period.last or local_day(frame.now)
    whole_month = period.first.day == 1 and month_of(last) == period.first
    if whole_month and (last + DAY).day == 1:
        return frame.say("month_name", month=period.first.month, year=period.first.year)
    return f"{formats.day(period.first)} – {formats.day(last)}"


def _day(text: str | None) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise _wrong_period() from None


def _wrong_period() -> ProblemError:
    return ProblemError(
        "invalid-request",
        detail="Give the period as from=YYYY-MM-DD&to=YYYY-MM-DD, its end not before it.",
        detail_vi="Kỳ viết là from=YYYY-MM-DD&to=YYYY-MM-DD, ngày cuối không trước ngày đầu.",
    )
