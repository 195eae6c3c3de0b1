"""What an inspector should look at in a dossier's waits for its applicant.

For the law a wait counts only from the proven arrival of the notice, or its hand-over in person
(`Rule.LIMIT_STARTS_ANEW` restarts the clock at the receipt; no proof, no suspension).
"""

from collections.abc import Iterator
from typing import Final

from services.workflow.core.facts import Facts
from services.workflow.core.kinds.dossier_facts import Dossier
from shared.events.answers import NoticeUndeliverable

WAIT_UNPROVEN: Final = "wait_unproven"
NOTICE_UNDELIVERABLE: Final = "notice_undeliverable"


def pause_flags(dossier: Dossier, facts: Facts) -> Iterator[str]:
    """Yield the flags of waits without proof and of notices that reached nobody."""
    unproven = {
        wait.cause
        for wait in dossier.waits
        if wait.proven is None or (wait.received is not None and wait.proven >= wait.received)
    }
    if not unproven:
        return
    yield WAIT_UNPROVEN
    for event in facts.events:
        failed = event.data
        if (
            isinstance(failed, NoticeUndeliverable)
            and failed.person is None
            and failed.about in unproven
        ):
            yield NOTICE_UNDELIVERABLE
            return
