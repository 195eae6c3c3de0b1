"""What a supervisor sees in their inbox."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from services.notifications.core.acknowledge import Matter
from services.notifications.core.cause import Cause
from services.notifications.core.inbox import Item, items
from services.notifications.ports import AnswerStore, CauseStore
from services.notifications.usecases.receipts import ApplyReceipts

SHOWN_MAX: Final = 200
CAUSES_MAX: Final = 1_000


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose matters are shown.

    Somebody whose key names a person sees what that person heard of. A key of an office sees
    what its role heard of in its units, and may look at one person among them.
    """

    role: str
    person: str | None
    units: frozenset[str] | None

    @classmethod
    def of(
        cls, role: str, own: str | None, units: frozenset[str] | None, wanted: str | None
    ) -> "Scope":
        """Return the scope of a key, narrowed to the person it names or asks for."""
        return cls(role, own or wanted, units)


@dataclass(frozen=True, slots=True)
class Shown:
    """A page of the inbox."""

    items: Sequence[Item]
    more: bool


@dataclass(slots=True)
class LookAtInbox:
    """Reads what is open; being looked at is proof that a notice arrived."""

    causes: CauseStore
    answers: AnswerStore
    receipts: ApplyReceipts

    async def look(self, scope: Scope) -> Shown:
        """Return what is open within a scope, most urgent first."""
        found = await self._items(scope)
        if scope.person is not None:
            await self.receipts.seen({scope.person})
        return Shown(found[:SHOWN_MAX], more=len(found) > SHOWN_MAX)

    async def find(self, scope: Scope, matter: Matter) -> Item | None:
        """Return one open matter, if it is within the scope."""
        causes = await self.causes.get({matter.subject})
        found = await self._of(list(causes.values()), scope)
        return next((item for item in found if item.matter == matter), None)

    async def _items(self, scope: Scope) -> Sequence[Item]:
        causes = await self.causes.open_for(
            persons=None if scope.person is None else {scope.person},
            units=scope.units,
            limit=CAUSES_MAX,
        )
        return await self._of(causes, scope)

    async def _of(self, causes: Sequence[Cause], scope: Scope) -> Sequence[Item]:
        persons = None if scope.person is None else {scope.person}
        bare = items(causes, {}, persons=persons, roles={scope.role})
        within = [item for item in bare if scope.units is None or item.unit in scope.units]
        answers = await self.answers.of_keys({item.matter.key for item in within})
        keys = {item.matter.key for item in within}
        full = items(causes, answers, persons=persons, roles={scope.role})
        return [item for item in full if item.matter.key in keys]
