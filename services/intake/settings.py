"""Everything about intake that differs between deployments."""

from typing import Annotated, ClassVar

from pydantic import Field, field_validator

from shared.events.numbering import DEFAULT_PATTERN, CodePattern
from shared.ops.settings import Port, ServiceSettings


class IntakeSettings(ServiceSettings):
    """The settings of intake; in the environment `MOTCUA_` and the name in capitals."""

    service: ClassVar[str] = "intake"

    http_port: Port = Field(
        default=8710, description="the port to listen on, 1 to 65535, or 0 for any free one"
    )
    dossier_code_pattern: str = Field(
        default=DEFAULT_PATTERN,
        description=(
            "how dossier codes are built, of {electronic_id} or {unit}, {yyMMdd}, {yyyyMMdd}, "
            "{ddMMyy} or {ddMMyyyy}, and {seq:04d}, such as " + DEFAULT_PATTERN
        ),
    )
    outbox_documents_max: Annotated[int, Field(ge=1, le=10_000_000)] = Field(
        default=20_000,
        description="how many subjects may wait for the broker before the HTTP door says 503",
    )
    progress_ms: Annotated[int, Field(ge=50, le=60_000)] = Field(
        default=500, description="how often the progress marks are published, in milliseconds"
    )
    predecessor_wait_s: Annotated[int, Field(ge=1, le=86_400)] = Field(
        default=900,
        description=(
            "how long an event that arrives before its predecessor waits for it, in seconds"
        ),
    )
    heartbeat_silence_s: Annotated[int, Field(ge=10, le=86_400)] = Field(
        default=300,
        description="how long a connection may be silent before it counts as lost, in seconds",
    )

    @field_validator("dossier_code_pattern")
    @classmethod
    def _pattern_gives_codes(cls, value: str) -> str:
        CodePattern(value)
        return value
