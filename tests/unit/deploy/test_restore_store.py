"""What `motcua restore store` says of each service, and which of them wait for it."""

import pytest

from deploy.restore.store_command import Found
from shared.mongo.adoption import Finding
from shared.subjects.adoption import Lack

LACK = Lack("motcua.notices.v1", 3, "motcua.notices.v1/4/17")


@pytest.mark.parametrize(
    ("finding", "waits", "said"),
    [
        (None, True, "has not compared"),
        (Finding("other", (), "other"), True, "another cluster only"),
        (Finding("here", (), "here"), False, "has everything"),
        (Finding("here", (LACK,), None), True, "the first at motcua.notices.v1/4/17"),
        (Finding("here", (LACK,), "old"), True, "cluster that it knows: old"),
    ],
    ids=["never", "another cluster", "level", "empty", "older"],
)
def test_what_is_said_of_a_service(finding: Finding | None, waits: bool, said: str) -> None:  # noqa: FBT001 -- A case.
    """A level store on this cluster needs nothing; every other one may."""
    found = Found("notifications", finding, "here")
    assert found.waits is waits
    assert said in str(found)
