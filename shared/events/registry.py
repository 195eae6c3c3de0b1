"""Every type of event, declared once."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from shared.events import (
    centres,
    dossiers,
    examples,
    examples_emitted,
    notices,
    obligations,
    reference,
)
from shared.events.answers import NoticeProven, NoticeUndeliverable, ObligationAcknowledged
from shared.events.model import EventData
from shared.events.topics import CENTRES, DOSSIERS, NOTICES, OBLIGATIONS, REFERENCE, Topic


@dataclass(frozen=True, slots=True)
class EventType:
    """One type: its model, its topic (None: by subject), its writer, who may send it in."""

    name: str
    model: type[EventData]
    topic: Topic | None
    writer: str
    example_subject: str
    example: Mapping[str, Any]
    """Made-up data, as they stand in JSON."""
    major: int = 1
    inbound: bool = True
    personal: bool = False

    @property
    def type(self) -> str:
        """The CloudEvents type."""
        return f"vn.motcua.{self.name}.v{self.major}"


#: Types that may bring a contact part at the inbound door; intake splits it off.
WITH_CONTACT: Final = frozenset(
    {"dossier.submitted", "dossier.accepted", "dossier.supplement_received", "role.assigned"}
)


def _types() -> Mapping[str, EventType]:
    groups: tuple[tuple[tuple[type[EventData], ...], Topic | None, str], ...] = (
        (dossiers.MODELS, DOSSIERS, "intake"),
        (centres.MODELS, CENTRES, "intake"),
        ((ObligationAcknowledged, NoticeProven, NoticeUndeliverable), None, "intake"),
        (reference.MODELS, REFERENCE, "intake"),
        (obligations.MODELS, OBLIGATIONS, "workflow"),
        (notices.MODELS, NOTICES, "notifications"),
    )
    shown = {
        **examples.DOSSIERS,
        **examples.CENTRES,
        **examples.REFERENCE,
        **examples_emitted.OBLIGATIONS,
        **examples_emitted.NOTICES,
    }
    return {
        model.NAME: EventType(
            name=model.NAME,
            model=model,
            topic=topic,
            writer=writer,
            example_subject=shown[model.NAME][0],
            example=shown[model.NAME][1],
            inbound=writer == "intake",
            personal=model.NAME in WITH_CONTACT,
        )
        for models, topic, writer in groups
        for model in models
    }


REGISTRY: Final[Mapping[str, EventType]] = _types()
