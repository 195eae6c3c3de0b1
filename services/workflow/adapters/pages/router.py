"""All pages of the desk, for the composition root."""

from collections.abc import Sequence

from fastapi import APIRouter

from services.workflow.adapters.pages.changes import changes_router
from services.workflow.adapters.pages.desk import desk_router
from services.workflow.adapters.pages.forms import forms_router
from services.workflow.adapters.pages.propose import propose_router
from services.workflow.adapters.pages.results import results_router
from services.workflow.adapters.pages.site import Site
from services.workflow.adapters.pages.today import today_router


def pages_routers(site: Site) -> Sequence[APIRouter]:
    """Build them; another page is another router here and a line of `show.NAV`."""
    # The form's addresses come before those of proposals, which may be anything.
    return (
        desk_router(site),
        today_router(site),
        results_router(site),
        forms_router(site),
        propose_router(site),
        changes_router(site),
    )
