"""Settings of reporting, beside those that all services share."""

from typing import ClassVar

from pydantic import Field

from shared.ops.settings import URL_PATTERN, Port, ServiceSettings


class ReportingSettings(ServiceSettings):
    """What reporting reads from its environment."""

    service: ClassVar[str] = "reporting"

    http_port: Port = Field(
        default=8713, description="the port to listen on, 1 to 65535, or 0 for any free one"
    )
    desk_url: str = Field(
        default="http://127.0.0.1:8711",
        pattern=URL_PATTERN,
        description="where workflow's pages are, for links to what is open, http(s)://…",
    )
    generation: int = Field(
        default=1,
        ge=1,
        le=1_000_000,
        description="the set of collections to fill, 1 or more; one more than before, after"
        " `motcua replay --for reporting`, builds all figures anew while the old ones serve",
    )
    refresh_seconds: float = Field(
        default=5.0,
        ge=0.05,
        le=60,
        description="how often marked roll-ups are counted anew when nobody asks, in seconds,"
        " 0.05 to 60; whoever asks has them counted first",
    )
