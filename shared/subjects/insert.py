"""Saving subjects that are new, or were saved so before."""

from collections.abc import Sequence
from datetime import datetime
from typing import TypeVar

from shared.subjects.document import Document
from shared.subjects.errors import UnavailableError
from shared.subjects.ports import SubjectStore

StateT = TypeVar("StateT")


async def insert_once(
    store: SubjectStore[StateT], documents: Sequence[Document[StateT]], *, pending_at: datetime
) -> frozenset[str]:
    """Save new documents; name those that were there already and stay as they are.

    Raises:
        UnavailableError: some are neither; a connection that broke names losers too.
    """
    lost = await store.save(documents, pending_at=pending_at)
    if lost and (missing := lost - (await store.load(lost)).keys()):
        raise UnavailableError(f"the store did not take {len(missing)} documents")
    return lost
