"""Sending a folder of reference data to a running intake."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from deploy.errors import CommandError
from deploy.imports.sending import Sender
from deploy.reference.load import BUNDLED, reference_documents

PATIENCE_S: Final = 120.0
SHOWN_MAX: Final = 5

Tell = Callable[[str], None]


class ReferenceRefusedError(CommandError):
    """Intake refused rows of the reference data; what it took stays."""


class UnreadableReferenceError(CommandError):
    """The folder is no reference data."""


@dataclass(frozen=True, slots=True)
class ReferenceSent:
    """What intake has of the rows.

    Attributes:
        ids: The events of all rows, which intake has recorded now or before.
        new: How many it did not have.
    """

    ids: tuple[str, ...]
    new: int


def send_reference(
    intake_url: str,
    key: str,
    *,
    folder: Path = BUNDLED,
    obligations_from: date | None = None,
    patience_s: float = PATIENCE_S,
    tell: Tell = lambda _: None,
) -> ReferenceSent:
    """Send every row and return what intake has of them; repeating it changes nothing.

    Whether they are on the topic is another question: intake may have recorded them long ago.

    Raises:
        UnreadableReferenceError: a file is missing, or a row is none that the contract allows.
        ReferenceRefusedError: intake refused some of the rows.
        CommandError: intake stayed away, or does not take the key.
    """
    try:
        documents = reference_documents(folder, obligations_from=obligations_from)
    except (OSError, ValueError, KeyError) as error:
        raise UnreadableReferenceError(f"{folder} is no reference data: {error}") from error
    sender = Sender(intake_url, key, patience_s=patience_s, tell=tell)
    try:
        receipts = sender.send(documents)
    finally:
        sender.close()
    refused = [receipt for receipt in receipts if receipt["outcome"] == "refused"]
    if refused:
        shown = "; ".join(_said(receipt) for receipt in refused[:SHOWN_MAX])
        raise ReferenceRefusedError(
            f"intake refused {len(refused)} of {len(receipts)} rows: {shown}"
        )
    new = sum(1 for receipt in receipts if not receipt.get("repeated"))
    return ReferenceSent(tuple(str(document["id"]) for document in documents), new)


def _said(receipt: dict[str, Any]) -> str:
    faults = " ".join(
        f"{fault['path']}: {fault['detail']} {fault['remedy']}"
        for fault in receipt.get("faults", ())
    )
    return f"{receipt.get('subject') or 'line ' + str(receipt['line'])} {faults}".strip()
