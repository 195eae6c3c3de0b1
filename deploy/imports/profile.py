"""Profiles: how the rows of somebody else's export become events.

A profile is a YAML file. `README.md` beside this module teaches how to write one.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from zoneinfo import ZoneInfo, available_timezones

import yaml
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from shared.events.registry import REGISTRY

PROFILE_BYTES_MAX: Final = 1_000_000
NAME_PATTERN: Final = r"^[a-z][a-z0-9-]{1,30}$"

Column = Annotated[str, Field(min_length=1, max_length=200)]
Scalar = str | int | float | bool


class ProfileError(Exception):
    """A profile cannot be used; the text says what, where, and how to mend it."""


class Strict(BaseModel):
    """What every part of a profile shares: a key that is not known is a mistake."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Lookup(Strict):
    """A value that is read from a column.

    `map` translates it, `default` stands in where the column is empty or the map has no entry,
    `prefix` is put before it. `kind` says what it is.
    """

    column: Column = Field(alias="from")
    map: Mapping[str, Scalar] | None = None
    default: Scalar | None = None
    prefix: str = ""
    kind: Literal["text", "integer", "yes_no", "instant", "day", "list"] = "text"


Value = Lookup | Scalar | list[Scalar]


class Clocks(Strict):
    """How the export writes its times."""

    zone: str | None = Field(
        default=None,
        description="Zone of times without an offset; none: such a time is refused.",
    )
    formats: tuple[str, ...] = Field(
        default=(), description="strptime formats, tried in order; none: ISO 8601."
    )

    @field_validator("zone")
    @classmethod
    def _zone_exists(cls, value: str | None) -> str | None:
        if value is not None and value not in available_timezones():
            raise ValueError(f"no such time zone: {value!r}; write one as Asia/Ho_Chi_Minh")
        return value

    def info(self) -> ZoneInfo | None:
        """Return the zone."""
        return None if self.zone is None else ZoneInfo(self.zone)


class Case(Strict):
    """What identifies a dossier and holds for all its events."""

    code: Lookup
    unit: Value
    competent_unit: Value | None = None


class EventRule(Strict):
    """One event that is made of a row."""

    type: str
    at: Lookup | None = Field(default=None, description="When it happened; none: as `rows.at`.")
    data: Mapping[str, Value] = Field(default_factory=dict)
    optional: bool = Field(
        default=False, description="Leave the event out where its time's column is empty."
    )

    @field_validator("type")
    @classmethod
    def _type_exists(cls, value: str) -> str:
        known = REGISTRY.get(value)
        if known is None or not known.inbound or not value.startswith("dossier."):
            names = ", ".join(sorted(n for n in REGISTRY if n.startswith("dossier.")))
            raise ValueError(f"no such type of dossier event: {value!r}; there are {names}")
        return value

    @model_validator(mode="after")
    def _data_fits_the_type(self) -> "EventRule":
        fields = REGISTRY[self.type].model.model_fields
        if unknown := sorted(set(self.data) - set(fields)):
            offered = ", ".join(sorted(set(fields) - {"lookup_hash"})) or "none"
            raise ValueError(
                f"{self.type} has no field {unknown[0]!r}; its fields are {offered}"
            )
        missing = sorted(
            name for name, one in fields.items() if one.is_required() and name not in self.data
        )
        if missing:
            raise ValueError(f"{self.type} needs {missing[0]!r} under data")
        return self


class Rows(Strict):
    """How the export's own events (the rows, or a trace's events) become ours."""

    activity: Lookup
    at: Lookup
    id: Lookup | None = Field(
        default=None, description="The row's own id; none: its activity, time and number."
    )
    map: Mapping[str, EventRule] = Field(default_factory=dict)
    not_mapped: tuple[str, ...] = Field(
        default=(), description="Activities left out on purpose; they are listed and counted."
    )

    @model_validator(mode="after")
    def _once(self) -> "Rows":
        if both := sorted(set(self.map) & set(self.not_mapped)):
            raise ValueError(f"{both[0]!r} stands under map and under not_mapped: keep one")
        return self


class Profile(Strict):
    """A whole profile."""

    profile: Literal[1]
    name: Annotated[str, Field(pattern=NAME_PATTERN)]
    says: str = ""
    format: Literal["csv", "xlsx", "xes"]
    layout: Literal["cases", "events"] = Field(
        default="events", description="Whether a row is a dossier or one event of a dossier."
    )
    encoding: str = "utf-8-sig"
    delimiter: str = ","
    sheet: str | None = None
    publisher: Annotated[str, Field(pattern=NAME_PATTERN)] = "import"
    clocks: Clocks = Clocks()
    case: Case
    opening: EventRule = Field(
        description="The dossier's first event, made of its own columns."
    )
    case_events: tuple[EventRule, ...] = ()
    rows: Rows | None = None

    @model_validator(mode="after")
    def _whole(self) -> "Profile":
        if self.layout == "events" and self.rows is None:
            raise ValueError("layout: events needs `rows`, which says what each row becomes")
        if self.layout == "cases" and self.rows is not None:
            raise ValueError("layout: cases has one row per dossier, so `rows` has no meaning")
        if self.format == "xes" and self.layout != "events":
            raise ValueError("an XES log holds events: leave `layout` out")
        if self.opening.at is None or any(rule.at is None for rule in self.case_events):
            raise ValueError(
                "`opening` and each of `case_events` need `at`: a column with a time"
            )
        if self.opening.type not in {"dossier.submitted", "dossier.accepted"}:
            raise ValueError("`opening` must be dossier.submitted or dossier.accepted")
        return self


def read_profile(path: Path) -> Profile:
    """Read a profile.

    Raises:
        ProfileError: says what is wrong, where, and how to mend it.
    """
    try:
        if path.stat().st_size > PROFILE_BYTES_MAX:
            raise ProfileError(f"{path} is too large to be a profile.")
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ProfileError(
            f"There is no profile {path}: give its path with --profile."
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ProfileError(f"{path} cannot be read: {error}.") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"line {mark.line + 1}, column {mark.column + 1}" if mark else "the file"
        problem = getattr(error, "problem", None) or "it is not YAML"
        raise ProfileError(f"{path}, {place}: {problem}; mend the YAML there.") from None
    if not isinstance(content, dict):
        raise ProfileError(f"{path} holds no mapping: begin it with `profile: 1`.")
    try:
        return Profile.model_validate(content)
    except ValidationError as error:
        raise ProfileError(_sentences(path, error)) from None


def _sentences(path: Path, error: ValidationError) -> str:
    """Say each mistake once, with its place as it is written in the file."""
    seen: dict[str, str] = {}
    for one in error.errors(include_url=False):
        place = (
            ".".join(str(part) for part in one["loc"] if part not in _UNION_MEMBERS) or "top"
        )
        seen.setdefault(place, _mend(one))
    lines = [f"{path}, {place}: {mend}" for place, mend in seen.items()]
    return "\n".join(lines)


_UNION_MEMBERS: Final = frozenset(
    {"Lookup", "str", "int", "float", "bool", "list[union[str,int,float,bool]]"}
)


def _mend(one: Any) -> str:  # noqa: ANN401 -- pydantic's own mapping.
    kind, message = one["type"], one["msg"].removeprefix("Value error, ")
    if kind == "missing":
        return "is missing; write it."
    if kind == "extra_forbidden":
        return "is no key of a profile; take it out or correct its spelling."
    if kind == "literal_error":
        return f"must be {one['ctx']['expected']}."
    if kind == "string_pattern_mismatch":
        return "must be a short name of small letters, digits and -, such as receipt-desk."
    return f"{message[0].lower()}{message[1:]}."
