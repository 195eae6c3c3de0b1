"""The pages on a world in memory: the same routes, policies and templates, no engines."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from httpx2 import ASGITransport, AsyncClient
from prometheus_client import CollectorRegistry
from starlette.staticfiles import StaticFiles

from deploy.reference.load import bundled_reference
from services.notifications.adapters.answering import (
    inbox_router,
    token_router,
)
from services.notifications.adapters.api import (
    notices_router,
    policy_router,
    receipts_router,
)
from services.notifications.adapters.names import ReferenceNames
from services.notifications.adapters.pages import STATIC, Pages
from services.notifications.core.notice import Channel
from services.notifications.core.policy import Rules
from services.notifications.core.timing import QuietHours
from services.notifications.core.tokens import Grant, issue
from services.notifications.settings import NotificationsSettings
from services.notifications.usecases.proving import ProveNotices
from shared.ops.health import Health
from shared.ops.metrics import Metrics
from shared.web.app import build_app, mount_public
from shared.web.keys import mint
from shared.web.probes import Probes
from tests.fakes.notified import MONDAY
from tests.unit.notifications.world import World

KEY = b"k" * 32
RECEIPT_SECRET = b"r" * 32
DESK = "https://desk.example"


@dataclass
class Paged:
    """A world with its pages."""

    world: World
    app: FastAPI
    keys: Path

    def client(self, **headers: str) -> AsyncClient:
        """Return a client."""
        return AsyncClient(
            transport=ASGITransport(app=self.app), base_url="http://notices", headers=headers
        )

    def key(self, **who: Any) -> str:  # noqa: ANN401 -- What a key is minted with.
        """Mint a key."""
        return mint(self.keys, days=1, **who)

    def bearer(self, **who: Any) -> dict[str, str]:  # noqa: ANN401 -- What a key is minted with.
        """Mint a key and return the header that carries it."""
        return {"authorization": f"Bearer {self.key(**who)}"}

    def token(self, grant: Grant) -> str:
        """Return the token of a grant."""
        return issue(grant, KEY)


def paged(folder: Path, world: World | None = None) -> Paged:
    """Build the pages on a world."""
    house = world or World(
        rules=Rules(frozenset({Channel.EMAIL, Channel.SMS, Channel.INBOX})),
        now=MONDAY,
        reference=bundled_reference(),
    )
    (folder / "secret").write_bytes(secrets.token_bytes(32))
    keys = folder / "keys.json"
    mint(keys, role="operator", units="*", days=1)
    settings = NotificationsSettings(keys_file=keys, secret_file=folder / "secret")
    pages = Pages(
        house.answers,
        lambda: ReferenceNames(house.reference.current()),
        house.clock,
        house.wall_now,
        KEY,
    )

    async def status() -> Mapping[str, Any]:
        return {}

    app = build_app(
        settings,
        title="motcua notifications",
        probes=Probes(Health(), Metrics(CollectorRegistry(), process=False), status),
        routers=[
            notices_router(ProveNotices(house.notice_rows, house.notices, KEY)),
            policy_router(house.rules, QuietHours(), {}),
            receipts_router(house.receipts, {Channel.SMS: (RECEIPT_SECRET,)}),
            token_router(pages),
            inbox_router(house.receipts, DESK),
        ],
    )
    mount_public(app, "/assets", StaticFiles(directory=STATIC))
    return Paged(house, app, keys)
