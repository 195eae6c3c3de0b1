"""Everything about workflow that differs between deployments."""

from typing import Annotated, ClassVar

from pydantic import Field

from shared.ops.settings import URL_PATTERN, Port, ServiceSettings


class WorkflowSettings(ServiceSettings):
    """The settings of workflow; in the environment `MOTCUA_` and the name in capitals."""

    service: ClassVar[str] = "workflow"

    http_port: Port = Field(
        default=8711, description="the port to listen on, 1 to 65535, or 0 for any free one"
    )
    public_url: str = Field(
        default="http://127.0.0.1:8711",
        pattern=URL_PATTERN,
        description="the address under which this service's pages are reached, http(s)://…",
    )
    figures_url: str = Field(
        default="http://127.0.0.1:8713",
        pattern=URL_PATTERN,
        description="where reporting's pages are, for links to a dossier, http(s)://…",
    )
    sweep_ms: Annotated[int, Field(ge=50, le=60_000)] = Field(
        default=100, description="how long a sweep pauses before the next, in milliseconds"
    )
    still_minutes_max: Annotated[int, Field(ge=1, le=1_440)] = Field(
        default=15,
        description="how long intake's progress may stand still, in minutes, before "
        "obligations are swept all the same",
    )
