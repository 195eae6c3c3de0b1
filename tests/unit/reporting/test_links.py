"""Every number on every page opens its rows, and there are as many as it says.

A reader that knows nothing of how pages are made walks all of them, as a person would: it reads
each number, follows its link, and counts the rows on every page of the list.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import count
from typing import Final
from urllib.parse import parse_qs, urlsplit

import pytest
from starlette.testclient import TestClient
from typing_extensions import override

from services.reporting.core.matter_counts import MATTER_FIGURES
from tests.fakes.reporting_site import UNITS

Headers = dict[str, str]

PERIODS: Final = ("", "period=last_month", "period=all", "from=2026-11-09&to=2026-11-13")
PATHS: Final = ("/", "/board", "/sources", *(f"/units/{unit}" for unit in UNITS))
FORM_PATHS: Final = ("/forms/ii06a", "/forms/07a", "/forms/07a?unit=06112")
PAGES: Final = [
    f"{path}{'&' if '?' in path else '?'}{period}".rstrip("?&")
    for path in (*PATHS, *FORM_PATHS)
    for period in PERIODS
]
FIGURES: Final = frozenset({"strip", "data", "board", "ageing", "counts", "sub", "note"})
"""Classes within which numbers are figures; elsewhere they are dates, codes, page numbers."""

NO_FIGURES: Final = frozenset({"when", "picture", "label", "column", "balance"})
VOID: Final = frozenset({"br", "input", "link", "meta", "img", "hr"})
DATES: Final = re.compile(r"\d{1,2}[:/]\d{1,2}(?:/\d{4})?|\d{1,2} – |\d{1,2}/\d{4}")
SUMS: Final = ("_minutes", "_items", "_lacking", "_events")
"""How the names of figures end that count more than one per row."""

WHOLE: Final = frozenset({"100,0 %", "100.0 %"})
AVAILABLE: Final = ("sẵn sàng", "available for")
"""How a link begins to say what a share of opening hours is made of."""

PLAIN: Final = re.compile(r"[\d.]+")
ZERO: Final = re.compile(r"0(?:,0)?(?: %)?(?: \w+)*")


@dataclass
class Link:
    """An anchor: where it leads, what it says, and what it says when one points at it."""

    href: str
    title: str
    text: str = ""


@dataclass
class Page(HTMLParser):
    """What a person sees of a page: links, numbers that are none, rows of the first table."""

    links: list[Link] = field(default_factory=list)
    bare: list[str] = field(default_factory=list)
    heading: str = ""
    rows: int = 0
    following: str | None = None

    def __post_init__(self) -> None:
        super().__init__()
        self._open: list[tuple[str, frozenset[str]]] = []

    @classmethod
    def of(cls, text: str) -> "Page":
        """Read a page."""
        page = cls()
        page.feed(text)
        page.close()
        return page

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag not in VOID:
            self._open.append((tag, frozenset((given.get("class") or "").split())))
        if tag == "a":
            self.links.append(Link(given.get("href") or "", given.get("title") or ""))
            if given.get("rel") == "next":
                self.following = given["href"]
        self.rows += tag == "tr" and self._within("tbody")

    @override
    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop()[0] != tag:
            pass

    @override
    def handle_data(self, data: str) -> None:
        text = data.strip()
        if self._within("a"):
            self.links[-1].text += text
        elif self._within("h1"):
            self.heading += text
        elif self._is_figure() and re.search(r"\d", self._without_dates(text)):
            self.bare.append(text)

    def _within(self, tag: str) -> bool:
        return any(name == tag for name, _ in self._open)

    def _without_dates(self, text: str) -> str:
        """Take dates out of a sentence; a cell has none, and 20/21 is no date there."""
        return DATES.sub("", text) if self._classes() & {"sub", "note"} else text

    def _classes(self) -> frozenset[str]:
        return frozenset[str]().union(*(named for _, named in self._open))

    def _is_figure(self) -> bool:
        classes = self._classes()
        drawn = self._within("svg") or self._within("th")
        return bool(classes & FIGURES) and not classes & NO_FIGURES and not drawn


@pytest.mark.parametrize("path", PAGES)
def test_every_number_opens_as_many_rows_as_it_says(
    client: TestClient, province: Headers, path: str
) -> None:
    """Counts, rates, fractions and durations alike; and what is not zero is a link."""
    page = Page.of(client.get(path, headers=province).text)
    assert [one for one in page.bare if not is_explained(one)] == []
    followed = 0
    for link in page.links:
        if link.href.startswith("/rows?"):
            heading, rows = opened(client, province, link.href)
            assert is_of(link, heading, rows), f"{link} opens {heading!r} with {rows} rows"
            followed += 1
    assert followed > 3 or "period=last_month" in path


@pytest.mark.parametrize("path", ["/", "/board", "/sources?period=all"])
@pytest.mark.parametrize("language", ["vi", "en"])
def test_a_director_finds_the_rows_of_their_own_centre(
    client: TestClient, director: Headers, path: str, language: str
) -> None:
    """The same holds within the scope of a key, in either language."""
    joined = "&" if "?" in path else "?"
    page = Page.of(client.get(f"{path}{joined}lang={language}", headers=director).text)
    links = [one for one in page.links if one.href.startswith("/rows?")]
    assert len(links) > 3
    for link in links:
        answer = client.get(link.href, headers=director)
        assert answer.status_code == 200, link
        found = Page.of(answer.text)
        whole = re.fullmatch(r"\d+", link.text)
        if whole and not figure_of(link).endswith(SUMS):
            assert found.rows == min(int(link.text), 50), link


def test_the_list_of_what_is_late_has_as_many_rows_as_its_headings_say(
    client: TestClient, province: Headers
) -> None:
    """Both parts stand on the page itself, or lead to the rest."""
    text = client.get("/overdue", headers=province).text
    parts = [one for one in text.split("<section ")[1:] if "</section>" in one]
    assert len(parts) == 2
    for part in parts:
        said = re.search(r"<h2 id=[^>]*>[^<]*: ([\d.]+)</h2>", part)
        assert said is not None
        assert Page.of(part).rows == min(number(said[1]), 50)


def is_explained(text: str) -> bool:
    """Say whether a number that is no link needs none.

    A zero has no rows, nor has a whole that lacks nothing; how many centres there are stands in
    the table; words of the law and of the notes are no figures of a period.
    """
    said = text.replace("\u00a0", " ").strip()
    constants = ("Cột ", "cột ", "Wilson", " trung tâm đã gửi", "Dưới 10 hồ sơ")
    return (
        said in WHOLE
        or ZERO.fullmatch(said) is not None
        or any(one in said for one in constants)
    )


def opened(client: TestClient, headers: Headers, href: str) -> tuple[str, int]:
    """Open a list, turn all its pages, and return its heading with the number of its rows."""
    heading, rows, following = "", 0, str(href)
    for turned in count():
        answer = client.get(following, headers=headers)
        assert answer.status_code == 200, following
        page = Page.of(answer.text)
        heading = heading or page.heading
        rows += page.rows
        if page.following is None:
            return heading, rows
        assert turned < 100, href
        following = page.following
    raise AssertionError("it counts for ever")


def is_of(link: Link, heading: str, rows: int) -> bool:  # noqa: PLR0911 -- One for each sort.
    """Say whether what a link says agrees with the list that it opens."""
    said = link.text.replace("\u00a0", " ")
    if link.title.startswith(AVAILABLE):
        return rows > 0  # What took the rest of the opening hours, or fell beside them.
    if (figure := figure_of(link)).endswith(SUMS):
        # One row makes more than one of these: the heading says the sum.
        said = link.title or said  # Hours are rounded where there is little room.
        told = amount_of(said.replace("\u00a0", " "), figure) in heading.replace("\u00a0", " ")
        return told and (rows > 0) == (said != "0")
    if "–" in said:  # There is no rate where nothing was counted.
        return rows == 0
    if "%" in said and link.title:
        num, den = (number(part) for part in link.title.split(" / "))
        return rows in {num, den - num}
    if fraction := re.fullmatch(r"([\d.]+)/([\d.]+)", said):
        num, den = number(fraction[1]), number(fraction[2])
        return rows in {num, den - num}
    if "%" in said:  # A share of all, on the page beside its numerator.
        return f": {rows:,}".replace(",", ".") in heading
    (counted,) = PLAIN.findall(said)
    return rows == number(counted) and f": {counted}" in heading


def figure_of(link: Link) -> str:
    """Return whose rows a link opens."""
    return parse_qs(urlsplit(link.href).query)["figure"][0]


def amount_of(said: str, figure: str) -> str:
    """Return how the heading must write what a link says: a fraction by what lacks."""
    if fraction := re.fullmatch(r"([\d.]+)/([\d.]+)", said):
        num, den = number(fraction[1]), number(fraction[2])
        return f": {den - num if figure.endswith('_lacking') else den},"
    return f": {said},"


def number(text: str) -> int:
    """Read a number as people write it."""
    return int(text.replace(".", ""))


def shown(client: TestClient, headers: Headers) -> Iterator[str]:
    """Name the figures that some page links to."""
    for path in PAGES:
        for link in Page.of(client.get(path, headers=headers).text).links:
            if link.href.startswith("/rows?"):
                yield figure_of(link)


@pytest.mark.parametrize("figure", ["interruption_minutes", "connection_minutes"])
def test_the_minutes_of_the_rows_are_those_of_the_figure(
    client: TestClient, province: Headers, figure: str
) -> None:
    """What was lost twice has two rows, each with its own minutes."""
    found = client.get(f"/v1/rows?figure={figure}", headers=province).json()
    assert sum(row["minutes"] for row in found["rows"]) == found["amount"] > 0
    assert len(found["rows"]) == found["total"]


def test_the_api_has_the_same_numbers_of_matters(client: TestClient, province: Headers) -> None:
    """Each figure that is told is that of its list, of the province and of a centre."""
    found = client.get("/v1/figures", headers=province).json()
    (mine,) = (one for one in found["by_unit"] if one["unit"] == UNITS[3])
    for numbers, scope in ((found["matters"], ""), (mine["matters"], f"&unit={UNITS[3]}")):
        assert len(numbers) > 20
        for name, number_of in numbers.items():
            listed = client.get(f"/v1/rows?figure={name}{scope}", headers=province).json()
            assert (name, listed["amount"] or listed["total"]) == (name, number_of)


def test_matters_of_every_kind_are_on_a_page(client: TestClient, province: Headers) -> None:
    """The walk above has met them: no kind is counted and shown nowhere."""
    met = {name.partition("_")[0] for name in shown(client, province)}
    assert {name.partition("_")[0] for name in MATTER_FIGURES} - met == {"outage"}
