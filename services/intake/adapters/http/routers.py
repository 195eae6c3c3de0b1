"""Every route of intake."""

from collections.abc import Sequence

from fastapi import APIRouter

from services.intake.adapters.http.catalogue import catalogue_router
from services.intake.adapters.http.changes import changes_router
from services.intake.adapters.http.contacts import contacts_router
from services.intake.adapters.http.door import Door
from services.intake.adapters.http.dossiers import dossiers_router
from services.intake.adapters.http.events import events_router
from services.intake.adapters.http.grants import grants_router
from services.intake.adapters.http.in_force import in_force_router
from services.intake.adapters.http.losses import losses_router
from services.intake.usecases.losses import AcceptLosses
from shared.subjects.decide_refused import DecideRefused
from shared.web.refused import refused_router


def intake_routers(
    door: Door, refused: DecideRefused, accepting: AcceptLosses
) -> Sequence[APIRouter]:
    """Build the routes on what they act on."""
    return [
        events_router(door),
        dossiers_router(door),
        contacts_router(door),
        catalogue_router(door),
        in_force_router(door),
        changes_router(door),
        grants_router(door),
        losses_router(door, accepting),
        refused_router(refused),
    ]
