"""The embedded broker's identity."""

import base64

import pytest

from deploy.engines.kafka import CLUSTER_ID_BYTES, cluster_id


@pytest.mark.parametrize("first", range(256))
def test_a_cluster_id_never_looks_like_an_option(first: int) -> None:
    """Whatever is drawn: a letter first, and 16 bytes in 22 characters."""
    spelt = cluster_id(bytes([first]) + b"\xfb" * (CLUSTER_ID_BYTES - 1))

    assert spelt[0].isalpha()
    assert len(spelt) == 22
    assert len(base64.urlsafe_b64decode(spelt + "==")) == CLUSTER_ID_BYTES


def test_two_draws_are_two_identities() -> None:
    """What is drawn after the first bit counts."""
    assert cluster_id(bytes(16)) != cluster_id(bytes(15) + b"\x01")
