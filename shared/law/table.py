"""The table: where each rule is written, from when until when, and how sure that is.

Sources: for NĐ 118/2025 and NĐ 309/2026 the handbook's page on the law of today, which a test
compares with these rows; for the texts before, the handbook's page on the domain.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from shared.law.rules import Rule
from shared.law.texts import (
    CIVIL_CODE,
    DATA_LAW,
    DECISION_766,
    DECREE_20_2008,
    DECREE_61_2018,
    DECREE_118_2025,
    DECREE_224_2026,
    DECREE_309_2026,
    DECREE_356_2025,
    LETTER_1401,
    ONLINE_CIVIL_STATUS,
    Text,
)


class Weight(StrEnum):
    """How sure it is that the place says so."""

    WORDING = "T"  # The wording was read in a complete, consistent copy.
    SEVERAL = "S"  # Several independent secondary sources agree.
    ONE = "1"  # One secondary source.


@dataclass(frozen=True, slots=True)
class Row:
    """Where a rule is written during some time.

    Attributes:
        rule: The rule.
        text: The text of law.
        places: Articles as `19.5` or `11.2c` (article, clause, point); none if the whole text.
        weight: How sure.
        first: First day; none for the text's own.
        until: First day without; none for the text's own.
        amended: The text that amended these places and where it does so, if one did.
    """

    rule: Rule
    text: Text
    places: tuple[str, ...]
    weight: Weight
    first: date | None = None
    until: date | None = None
    amended: tuple[Text, str] | None = None

    @property
    def begins(self) -> date:
        """Return the first day; a text whose first day does not matter was always there."""
        return self.first or self.text.first or date.min

    @property
    def ends(self) -> date:
        """Return the first day without it; far away while it is in force."""
        return self.until or self.text.until or date.max

    def in_force(self, day: date) -> bool:
        """Say whether the rule was, or is, written there on a day."""
        return self.begins <= day < self.ends


_T, _S, _ONE = Weight.WORDING, Weight.SEVERAL, Weight.ONE
_AMENDED: Final = date(2026, 8, 5)
"""NĐ 309/2026 comes into force on the day that it was signed."""

_COUNTING: Final = (
    Row(Rule.HOURS_FROM_THE_MOMENT, CIVIL_CODE, ("147.1",), _T),
    Row(Rule.FIRST_DAY_NOT_COUNTED, CIVIL_CODE, ("147.2", "147.3"), _T),
    Row(Rule.END_OF_LAST_DAY, CIVIL_CODE, ("148.1", "148.6"), _T),
    Row(Rule.DAY_OFF_MOVES_THE_END, CIVIL_CODE, ("148.5",), _T),
    Row(Rule.LIMIT_FROM_RECEIPT, DECREE_61_2018, ("17",), _ONE),
    Row(Rule.LIMIT_FROM_RECEIPT, DECREE_118_2025, ("17.3",), _T, until=_AMENDED),
    Row(
        Rule.LIMIT_FROM_RECEIPT,
        DECREE_118_2025,
        ("17.3",),
        _T,
        first=_AMENDED,
        amended=(DECREE_309_2026, "8.3"),
    ),
    Row(
        Rule.LIMIT_FROM_COMPETENT_RECEIPT,
        DECREE_118_2025,
        ("17.3",),
        _T,
        first=_AMENDED,
        amended=(DECREE_309_2026, "8.3"),
    ),
)

_HANDLING: Final = (
    Row(
        Rule.GUIDANCE_IN_ONE_GO,
        DECREE_118_2025,
        ("17.2a",),
        _T,
        first=_AMENDED,
        amended=(DECREE_309_2026, "8.1"),
    ),
    Row(Rule.SUPPLEMENT_ONCE, DECREE_61_2018, ("11.2c",), _T),
    Row(Rule.SUPPLEMENT_ONCE, DECREE_118_2025, ("11.2c",), _T),
    Row(Rule.SUPPLEMENT_ONCE_AT_COUNTER, DECREE_118_2025, ("16.3",), _T),
    Row(Rule.SUPPLEMENT_NOTICE, DECREE_61_2018, ("19.4",), _T),
    Row(Rule.SUPPLEMENT_NOTICE, DECREE_118_2025, ("19.5",), _T),
    Row(Rule.LIMIT_STARTS_ANEW, DECREE_61_2018, ("19.4",), _T),
    Row(Rule.LIMIT_STARTS_ANEW, DECREE_118_2025, ("19.5",), _T),
    Row(Rule.CLOSED_WITHOUT_SUPPLEMENT, DECREE_118_2025, ("19.5",), _T),
    Row(Rule.REFUSAL, DECREE_61_2018, ("19.8",), _T),
    Row(Rule.REFUSAL, DECREE_118_2025, ("19.3",), _T),
    Row(Rule.WITHDRAWAL, DECREE_118_2025, ("21",), _T),
    Row(Rule.ONLINE_ANSWER, DECREE_118_2025, ("17.2", "17.2c"), _T),
    Row(Rule.APOLOGY_AND_NEW_DATE, DECREE_61_2018, ("19.9",), _T),
    Row(Rule.APOLOGY_AND_NEW_DATE, DECREE_118_2025, ("19.6",), _T),
    Row(Rule.EARLY_RESULT, DECREE_61_2018, ("20.4",), _T),
    Row(Rule.EARLY_RESULT, DECREE_118_2025, ("22.5",), _T),
    Row(Rule.WRONG_RESULT, DECREE_118_2025, ("23.1",), _T),
    Row(Rule.CONSULTATION_LATE, DECREE_61_2018, ("19.5",), _T),
    Row(Rule.CONSULTATION_LATE, DECREE_118_2025, ("19.4c",), _T),
    Row(Rule.LINKED_PROCEDURES, DECREE_61_2018, ("19.6", "19.7"), _T),
    Row(Rule.LINKED_PROCEDURES, DECREE_118_2025, ("20.2",), _T),
    Row(Rule.OTHER_AUTHORITY, DECREE_118_2025, ("20.1a",), _T),
    Row(Rule.HAND_OVER, DECREE_61_2018, ("18",), _ONE),
    Row(Rule.HAND_OVER, DECREE_118_2025, ("18.2",), _ONE, until=_AMENDED),
    Row(
        Rule.HAND_OVER,
        DECREE_118_2025,
        ("18.2",),
        _ONE,
        first=_AMENDED,
        amended=(DECREE_309_2026, "9"),
    ),
)

_CENTRE: Final = (
    Row(Rule.RESERVE_STAFF, DECREE_61_2018, ("12.8",), _T),
    Row(Rule.RESERVE_STAFF, DECREE_118_2025, ("12.8",), _T),
    Row(Rule.PETITIONS, DECREE_118_2025, ("8.1đ",), _T),
    Row(Rule.PETITION_HANDLING, DECREE_20_2008, (), _ONE),
    Row(Rule.AGENCY_MEETING, DECREE_61_2018, ("9",), _T),
    Row(Rule.AGENCY_MEETING, DECREE_118_2025, ("9.2",), _T),
    Row(Rule.SECONDED_STAFF_NOTE, DECREE_61_2018, ("9",), _T),
    Row(Rule.SECONDED_STAFF_NOTE, DECREE_118_2025, ("9.3",), _T),
    Row(Rule.STAFF_POSTED, DECREE_61_2018, ("9",), _T),
    Row(Rule.STAFF_POSTED, DECREE_118_2025, ("9.8",), _T),
    Row(Rule.SECONDMENT, DECREE_118_2025, ("11.4",), _T),
    Row(Rule.PREMISES, DECREE_61_2018, ("13.2b",), _T),
    Row(Rule.PREMISES, DECREE_118_2025, ("13.2b",), _T),
    Row(Rule.INTERPRETING, DECREE_118_2025, ("8.1g",), _T),
    Row(Rule.DIRECTIVE, LETTER_1401, (), _ONE),
)

_REST: Final = (
    Row(Rule.DOSSIER_CODE, DECREE_118_2025, ("28.2a",), _T),
    Row(Rule.EVALUATION, DECREE_61_2018, ("30", "31", "32"), _T),
    Row(Rule.EVALUATION, DECREE_118_2025, ("32",), _T),
    Row(Rule.INDEX_PROGRESS, DECISION_766, ("2.1",), _ONE),
    Row(Rule.INDEX_POSTING, DECISION_766, ("1.2",), _ONE),
    Row(Rule.OUTAGE_NOTICE, DECREE_224_2026, ("13",), _T),
    Row(Rule.APPLICANT_CONFIRMATION, ONLINE_CIVIL_STATUS, (), _ONE),
    Row(Rule.DATA_PROTECTION, DATA_LAW, (), _ONE),
    Row(Rule.DATA_REQUEST, DECREE_356_2025, (), _S),
)

ROWS: Final[tuple[Row, ...]] = (*_COUNTING, *_HANDLING, *_CENTRE, *_REST)
