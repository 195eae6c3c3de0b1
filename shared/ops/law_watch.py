"""The bundled law watch, read from its file."""

from importlib.resources import files

from shared.reference.law_watch import WatchedText, read_law_watch


def bundled_law_watch() -> tuple[WatchedText, ...]:
    """Return the texts that this release watches, the first to look at first."""
    text = files("shared.reference").joinpath("law_watch.csv").read_text(encoding="utf-8")
    return read_law_watch(text.splitlines())
