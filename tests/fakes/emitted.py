"""Emissions as their readers see them."""

import orjson

from shared.events.model import EventData
from shared.events.registry import REGISTRY
from shared.subjects.fold import Emission


def read_back(emission: Emission) -> EventData:
    """Return an emission's data as its model reads them.

    The core puts them together by hand; they must be exactly what the model would write.
    """
    travelled = orjson.loads(orjson.dumps(emission.data))
    data = REGISTRY[emission.name].model.model_validate(travelled)
    assert data.document() == travelled, f"{emission.name} is not as its model writes it"
    return data
