"""The texts of law that are cited: their names, and while they are in force."""

from dataclasses import dataclass
from datetime import date
from typing import Final


@dataclass(frozen=True, slots=True)
class Text:
    """A text of law.

    Attributes:
        vi: Its name in Vietnamese.
        en: Its name in English.
        first: First day in force; none if that was not looked up and does not matter.
        until: First day on which it is not in force any more; none while it is.
        metrics: Whether its places are metrics of an index, not articles.
    """

    vi: str
    en: str
    first: date | None = None
    until: date | None = None
    metrics: bool = False


def _decree(number: str, first: date | None = None, until: date | None = None) -> Text:
    return Text(f"NĐ {number}/NĐ-CP", f"Decree {number}/NĐ-CP", first, until)


#: NĐ 118/2025 Đ.40.1 repeals NĐ 61/2018 on the day that it comes into force.
DECREE_61_2018: Final = _decree("61/2018", date(2018, 6, 21), date(2025, 7, 1))
DECREE_118_2025: Final = _decree("118/2025", date(2025, 7, 1))
DECREE_309_2026: Final = _decree("309/2026", date(2026, 8, 5))
DECREE_224_2026: Final = _decree("224/2026", date(2026, 7, 1))
DECREE_356_2025: Final = _decree("356/2025", date(2026, 1, 1))
DECREE_20_2008: Final = _decree("20/2008")
CIVIL_CODE: Final = Text("Bộ luật Dân sự 2015", "Civil Code 2015", date(2017, 1, 1))
DATA_LAW: Final = Text("Luật 91/2025/QH15", "Law 91/2025/QH15", date(2026, 1, 1))
DECISION_766: Final = Text("QĐ 766/QĐ-TTg", "Decision 766/QĐ-TTg", metrics=True)
LETTER_1401: Final = Text(
    "Công văn 1401 của UBND tỉnh Lạng Sơn ngày 2/7/2025",
    "Official letter 1401 of the People's Committee of Lạng Sơn, 2 July 2025",
    date(2025, 7, 2),
)
ONLINE_CIVIL_STATUS: Final = Text(
    "Quy trình hộ tịch trực tuyến", "The process of online civil status"
)
