"""How `motcua calendar` and `motcua rule` print rows, proposals and previews."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

AS_IS: Final = "as_is"

COUNTS: Final[Mapping[str, str]] = {
    "later": "dates that move later",
    "earlier": "dates that move earlier (never a dossier's printed promise)",
    "kept": "promises kept as printed, though the statutory end comes earlier",
    "beside": "only the statutory end or the index's date moves",
    "dated": "without a date until now, and get one",
    "undated": "lose their date",
    "still_undated": "stay without a date",
    "become_overdue": "become overdue",
    "stop_overdue": "stop being overdue",
    "alerts_void": "alerts already sent that become void",
    "rungs_moved": "planned alerts that move, come or go",
    "opened": "obligations that come to be owed",
    "voided": "obligations owed no more",
    "citizens": "applicants who are told a new date",
    "sessions_voided": "duty sessions voided",
    "sessions_opened": "duty sessions opened",
    "sessions_begun": "duty sessions that have begun and stay as they are",
}


def lines_of(answer: Mapping[str, Any]) -> Iterator[str]:
    """Write a preview as people read it."""
    yield f"{title(answer)}"
    yield f"  seen {answer['seen']}, as of {answer['as_of'][:16].replace('T', ' ')}"
    yield f"  {answer['subjects']} open dossiers and matters were looked at"
    counted = [(word, text) for word, text in COUNTS.items() if answer["counts"][word]]
    if not counted:
        yield "  nothing would move"
    for word, text in counted:
        yield f"  {answer['counts'][word]:>7}  {text}"
    for one in answer["listed"]:
        dates = f"{_moment(one['old_due'])} → {_moment(one['new_due'])}"
        yield f"  {one['subject']}  {one['obligation']}  {dates}  {', '.join(one['what'])}"
    if answer["more"]:
        yield f"  … {answer['touched']} in all; --limit lists more"


def in_force_line(row: Mapping[str, Any]) -> str:
    """Write a row that holds, and the id by which it is changed."""
    swapped = row.get("counterpart")
    beside = f", with {swapped}" if swapped else ""
    unverified = "" if row["verified"] else "; not verified"
    name = row.get("row") or row["rule"]
    return f"{row_text(row)}{beside} ({row['source']}{unverified})  {name}"


def title(one: Mapping[str, Any]) -> str:
    """Return a proposal on one line: its row, its source, who proposed it."""
    row = one["row"]
    past = "; reaches into the past" if one["retroactive"] else ""
    who = f"proposed by {one['proposed_by']} on {one['proposed_at'][:10]}{past}"
    return f"{one['proposal']}: {row_text(row)} ({row['source']}); {who}"


def row_text(row: Mapping[str, Any]) -> str:
    """Return a day of the calendar or a limit on one line."""
    where = f" in {row['unit']}" if row.get("unit") else ""
    where += f" {row['channel']}" if row.get("channel") else ""
    if "day" in row:
        return f"{row['day']} {row['kind']}{where}"
    limit = row["limit"]
    amount = f"{limit['value']} {limit['unit']}" if limit["value"] else limit["unit"]
    if limit.get("outside_opening", AS_IS) != AS_IS:
        amount += f" {limit['outside_opening']}"
    until = f" to {row['valid_to']}" if row.get("valid_to") else ""
    return f"{row['procedure']} {amount}{where} from {row['valid_from']}{until}"


def _moment(text: str | None) -> str:
    return "–" if text is None else datetime.fromisoformat(text).strftime("%H:%M %d/%m/%Y")
