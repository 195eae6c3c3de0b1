"""The order in which a batch is settled: each subject's as sent, each id once at a time."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol, TypeVar

from services.intake.core.receipts import Receipt
from services.intake.usecases.answers import Answer


class Waiting(Protocol):
    """What is to be settled."""

    receipt: Receipt
    answer: Answer | None
    taken: str

    @property
    def document_id(self) -> str: ...  # noqa: D102 -- Named so that the name says it.

    def reused(self) -> Answer:
        """Return the answer to an id that was applied with other content."""
        ...


EntryT = TypeVar("EntryT", bound=Waiting)


@dataclass(slots=True)
class Waves:
    """Splits a batch into waves without a repeated id, and answers plain repeats itself.

    A second event under one id waits for the first one's answer, and with it everything later
    of its subject. Thousands of copies of one event cost what one costs.
    """

    _applied: dict[str, Waiting] = field(default_factory=dict)
    _latest: dict[str, Waiting] = field(default_factory=dict)

    def next(self, waiting: Sequence[EntryT]) -> tuple[list[EntryT], list[EntryT]]:
        """Return what is to be settled now, and what waits for it."""
        wave: list[EntryT] = []
        rest: list[EntryT] = []
        keys: set[str] = set()
        held: set[str] = set()
        for entry in waiting:
            if entry.document_id in held or entry.receipt.key in keys:
                held.add(entry.document_id)
                rest.append(entry)
            elif self._answers(entry):
                continue
            else:
                self._latest.pop(entry.document_id, None)
                wave.append(entry)
            keys.add(entry.receipt.key)
        return wave, rest

    def settled(self, wave: Sequence[Waiting]) -> None:
        """Remember the answers of a wave."""
        for entry in wave:
            assert entry.answer is not None, "everybody gets an answer"
            self._latest[entry.document_id] = entry
            if entry.answer.is_applied:
                self._applied[entry.receipt.key] = entry

    def _answers(self, entry: Waiting) -> bool:
        """Answer a repeat of what was applied, or of what was refused a moment ago."""
        applied = self._applied.get(entry.receipt.key)
        if applied is not None and applied.answer is not None:
            same = applied.taken == entry.taken
            entry.answer = replace(applied.answer, repeated=True) if same else entry.reused()
            return True
        latest = self._latest.get(entry.document_id)
        if latest is None or latest.receipt.key != entry.receipt.key:
            return False
        if latest.taken != entry.taken:
            return False
        entry.answer = latest.answer  # Nothing has changed since it was refused.
        return True
