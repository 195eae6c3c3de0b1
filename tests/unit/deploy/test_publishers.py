"""The publishers that an embedded installation remembers."""

from pathlib import Path

from deploy.publishers import forget, remember, remembered


def test_publishers_are_remembered_until_they_are_retired(tmp_path: Path) -> None:
    """Adding one twice changes nothing, and nor does retiring one that never was."""
    assert remembered(tmp_path) == frozenset()
    remember(tmp_path, "kiosk", "portal")
    remember(tmp_path, "kiosk")
    assert remembered(tmp_path) == {"kiosk", "portal"}
    forget(tmp_path, "kiosk")
    forget(tmp_path, "nobody")
    assert remembered(tmp_path) == {"portal"}


def test_a_folder_that_remembers_nothing_is_not_written(tmp_path: Path) -> None:
    """Nor one that does not exist, as of an installation on a cluster."""
    forget(tmp_path / "none", "kiosk")
    remember(tmp_path)
    assert not list(tmp_path.iterdir())
