"""The public look-up: a code and its secret, answered alike when either is wrong."""

import hmac
from dataclasses import dataclass
from typing import Final

from services.reporting.adapters.desk import Desk
from services.reporting.core.fact import Fact
from shared.events.lookup import lookup_hash

CODE_CHARACTERS_MAX: Final = 60
SECRET_CHARACTERS_MAX: Final = 40
TRIES: Final = "20/minute;200/day"
"""How often one household may try."""

TRIES_PER_CODE: Final = "10/minute;50/day"
"""How often anybody may try one code: a secret has fifty bits, so this is never enough."""

NO_HASH: Final = "0" * 64


@dataclass(slots=True)
class LookUp:
    """Answers who has the slip of paper."""

    desk: Desk

    async def __call__(self, code: str, secret: str) -> Fact | None:
        """Return the dossier if the secret is its own; None in every other case.

        The same work is done whether the code exists or not.
        """
        wanted = code.strip()[:CODE_CHARACTERS_MAX]
        given = lookup_hash(self.desk.lookup_key, wanted, secret[:SECRET_CHARACTERS_MAX])
        known = await self.desk.dossier(wanted) if wanted else None
        fact = known[1] if known else None
        right = (fact.lookup_hash if fact else None) or NO_HASH
        same = hmac.compare_digest(given, right)
        return fact if same and fact is not None else None
