"""The forms II.06a and 07a/BTP as numbers: every column a figure that has its rows.

A form whose sums do not agree is not handed out.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from services.reporting.core.figures import (
    Atoms,
    Figures,
    Flow,
    Level,
    NotReconciledError,
)
from services.reporting.core.form_counts import ANSWER_ATOMS, PAYMENT_ATOMS
from shared.events.forms import (
    CROSS_CHECKS,
    ENDED_07A,
    F07A,
    FORMS,
    Form,
    FormCode,
    total,
)

_ANSWERED: Final = tuple(ANSWER_ATOMS.values())
UNANSWERED_ATOMS: Final = ("refused_unreceived", "withdrawn_unreceived", "stopped_unreceived")
FORM_FLOWS: Final = {
    name: Flow(name, name)
    for name in (
        "submitted",
        *_ANSWERED,
        "received_full",
        "received_partial",
        "received_level_unknown",
        "received_direct",
        "received_post",
        "received_across",
        "stopped",
        "withdrawn",
        *ENDED_07A,
        *PAYMENT_ATOMS.values(),
    )
}
FORM_LEVELS: Final = {
    level.name: level
    for level in (
        Level("awaiting", ("submitted",), _ANSWERED),
        Level("awaiting_late", ("awaiting_late_in",), ("awaiting_late_out",)),
        Level(
            "awaiting_in_time",
            ("submitted", "awaiting_late_out"),
            (*_ANSWERED, "awaiting_late_in"),
        ),
    )
}
"""Submissions without an answer at the end of a period."""

AWAITING_CARRIED: Final = "awaiting_carried"
"""Submissions that had no answer when the period began."""

SUBMISSIONS: Final = "submissions"
"""The text of the check whose parts are figures and no columns."""

FORM_UNIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "not_received": UNANSWERED_ATOMS,
    "paid": tuple(PAYMENT_ATOMS.values()),
}
"""Figures that are sums of others; their list is theirs in turn."""


@dataclass(frozen=True, slots=True)
class FormRow:
    """One row of a form: its numbers by column, and the figures that they were made of."""

    key: str
    numbers: Mapping[str, int]
    figures: Figures
    within: Atoms
    through: Atoms

    @property
    def has_numbers(self) -> bool:
        """Say whether there is anything to show: what is unknown has no zeros either."""
        return any(self.numbers.values())

    def flow(self, name: str) -> int:
        """Return how many of an atom fell into the period."""
        return self.within.get(name, 0)

    def level(self, name: str) -> int:
        """Return a level of submissions at the period's end."""
        return FORM_LEVELS[name].at(self.through)

    @property
    def awaiting_carried(self) -> int:
        """Return how many submissions had no answer when the period began."""
        atoms = {*self.through, *self.within}
        before = {one: self.through.get(one, 0) - self.within.get(one, 0) for one in atoms}
        return FORM_LEVELS["awaiting"].at(before)


@dataclass(frozen=True, slots=True)
class Checked:
    """Two sums that agree, each with its number; `text` names the columns."""

    text: str
    left: int
    right: int
    at_most: bool = False

    @property
    def sign(self) -> str:
        """Return the sign between left and right."""
        return "≤" if self.at_most else "="

    @property
    def holds(self) -> bool:
        """Say whether they agree."""
        return self.left <= self.right if self.at_most else self.left == self.right


def form_row(
    form: FormCode, key: str, figures: Figures, within: Atoms, through: Atoms
) -> FormRow:
    """Return a row of a form.

    Args:
        form: Which form.
        key: What the row is of: a unit, a field, or "" for the total.
        figures: The figures of its scope and period.
        within: The scope's atoms of the period.
        through: The scope's atoms until the period's end.

    Raises:
        NotReconciledError: The row's sums do not agree.
    """
    made = FormRow(key, _NUMBERS[form](figures, within, through), figures, within, through)
    wrong = [one.text for one in checks(form, made) if not one.holds]
    if wrong:
        raise NotReconciledError(f"form {form}, row {key or 'total'}: {'; '.join(wrong)}")
    return made


def checks(form: FormCode, row: FormRow) -> list[Checked]:
    """Return every check of a row: the form's own sums, and for 07a those with II.06a."""
    shape: Form = FORMS[form]
    found = [
        Checked(
            shape.text(one),
            total(row.numbers, one.left),
            total(row.numbers, one.right),
            one.at_most,
        )
        for one in shape.identities
    ]
    if form == "07a":
        other = _ii06a(row.figures, row.within, row.through)
        found += [
            Checked(one.text, total(row.numbers, one.of_07a), total(other, one.of_ii06a))
            for one in CROSS_CHECKS
        ]
        found.append(submissions_check(row))
    return found


def submissions_check(row: FormRow) -> Checked:
    """Return the check of submissions: what came is what was answered and what waits."""
    came = row.awaiting_carried + row.flow("submitted")
    numbers = row.numbers
    went = (
        row.flow("submitted_accepted")
        + numbers["not_received"]
        + numbers["awaiting_in_time"]
        + numbers["awaiting_late"]
    )
    return Checked(SUBMISSIONS, came, went)


def _ii06a(figures: Figures, within: Atoms, through: Atoms) -> dict[str, int]:
    """Return columns 3 to 13 of form II.06a; column 6 nets the moves."""
    del within, through  # The figures have all of it.
    flows = figures.flows
    moved = flows["moved_in"] - flows["moved_out"]
    return {
        "handled": figures.received + figures.carried + moved,
        "received_online": flows["received_online"],
        "received_offline": flows["received_offline"],
        "carried": figures.carried + moved,
        "ended": figures.ended,
        "ended_before_last_day": flows["ended_before_last_day"],
        "ended_on_day": flows["ended_on_day"],
        "ended_late": flows["ended_late"],
        "pending": figures.pending,
        "in_time_open": figures.open.in_time_open,
        "late_open": figures.open.late_open,
    }


def _07a(figures: Figures, within: Atoms, through: Atoms) -> dict[str, int]:
    """Return the columns of form 07a/BTP."""
    own = {
        "awaiting_in_time": FORM_LEVELS["awaiting_in_time"].at(through),
        "awaiting_late": FORM_LEVELS["awaiting_late"].at(through),
        "not_received": sum(within.get(atom, 0) for atom in UNANSWERED_ATOMS),
        "carried": figures.carried + figures.flows["moved_in"] - figures.flows["moved_out"],
        "in_time_open": figures.open.in_time_open,
        "late_open": figures.open.late_open,
    }
    return {code: own.get(code, within.get(code, 0)) for code in F07A.codes}


_NUMBERS: Final[Mapping[FormCode, Callable[[Figures, Atoms, Atoms], dict[str, int]]]] = {
    "ii06a": _ii06a,
    "07a": _07a,
}
