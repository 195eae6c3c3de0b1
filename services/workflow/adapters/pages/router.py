"""All pages of the desk, for the composition root."""

from collections.abc import Sequence

from fastapi import APIRouter

from services.workflow.adapters.pages.changes import changes_router
from services.workflow.adapters.pages.desk import desk_router
from services.workflow.adapters.pages.site import Site
from services.workflow.adapters.pages.today import today_router


def pages_routers(site: Site) -> Sequence[APIRouter]:
    """Build them; another page is another router here and a line of `show.NAV`."""
    return (desk_router(site), today_router(site), changes_router(site))
