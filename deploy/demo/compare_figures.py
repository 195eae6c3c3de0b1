"""Compare the figures of every commune, and of the province, with those of the stories."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from deploy.demo.beside import Due, figures_of
from deploy.demo.oracle import Truth
from deploy.demo.report import Report

NAMES: Final = ("received", "ended", "pending", "in_time", "late", "overdue")
KINDS: Final = ("online_answer", "hand_over", "supplement_closing", "result_correction")
"""The kinds of obligations beside the deadline that the stories have."""

BESIDE: Final = tuple(f"{kind}_{part}" for kind in KINDS for part in ("new", "missed", "open"))
Owed = Mapping[str, tuple[str, Sequence[Due]]]
"""By dossier: the competent unit, and its obligations beside the deadline."""


def compare_figures(
    report: Report,
    found: Mapping[str, Any],
    units: Sequence[str],
    truths: Mapping[str, Truth],
    owed: Owed,
    end: datetime,
    codes: Mapping[str, str],
) -> None:
    """Note every figure that is not that of the stories.

    Args:
        report: Takes the comparisons.
        found: What reporting answers for the province.
        units: The communes.
        truths: What is true of each dossier.
        owed: What each dossier called for beside its deadline.
        end: Until when the simulation was played.
        codes: Codes that units have by now to those that the stories know them by.
    """
    rows = {codes.get(row["unit"], row["unit"]): row for row in found["by_unit"]}
    wanted = {unit: _figures(unit, truths, owed, end) for unit in units}
    for name in (*NAMES, *BESIDE):
        expected = Counter({unit: wanted[unit][name] for unit in units})
        shown = Counter({unit: _shown(rows.get(unit, {}), name) for unit in units})
        report.compare(f"figures by commune: {name}", expected, shown)
        report.count(f"figures of the province: {name}", expected.total(), _shown(found, name))


def _figures(
    unit: str, truths: Mapping[str, Truth], owed: Owed, end: datetime
) -> dict[str, int]:
    own = [truth for truth in truths.values() if truth.unit == unit and truth.received]
    ended = [truth for truth in own if truth.ended]
    beside: Counter[str] = Counter()
    for competent, dues in owed.values():
        mine = [due for due in dues if (due.unit or competent) == unit]
        for kind in KINDS:
            beside.update(figures_of(kind, mine, end))
    return {
        "received": len(own),
        "ended": len(ended),
        "pending": len(own) - len(ended),
        "in_time": sum(bool(truth.in_time) for truth in ended if truth.limit),
        "late": sum(not truth.in_time for truth in ended if truth.limit),
        "overdue": sum(
            truth.due is not None and truth.due < end for truth in own if not truth.ended
        ),
        **{name: beside[name] for name in BESIDE},
    }


def _shown(figures: Mapping[str, Any], name: str) -> int:
    if name in BESIDE:
        return int(figures.get("obligations", {}).get(name, 0))
    match name:
        case "in_time":
            return int(figures["on_time_law"]["num"]) if figures else 0
        case "late":
            rate = figures.get("on_time_law", {"num": 0, "den": 0})
            return int(rate["den"]) - int(rate["num"])
        case "overdue":
            return int(figures.get("overdue_open", 0))
    return int(figures.get(name, 0))
