"""Media types are compared as RFC 9110 says, never letter by letter."""

import pytest

from shared.events.media_types import CHARACTERS_MAX, MediaType, media_type


@pytest.mark.parametrize(
    "text",
    [
        "application/json",
        "Application/JSON",
        "  application/json\t",
        "application/json;",
        "application/json ; ;",
    ],
)
def test_one_type_in_any_letters(text: str) -> None:
    """Case, spaces and empty parameters say nothing."""
    assert media_type(text) == MediaType("application/json")


@pytest.mark.parametrize(
    "text",
    [
        "application/json;charset=UTF-8",
        'application/json; Charset="utf-8"',
        "APPLICATION/JSON ; charset = Utf-8",
        "application/json;profile=x;charset=utf-8",
        'application/json; charset="\\utf-8"',
        "application/json; charset=utf-8; CHARSET=utf-8",
        "application/json",
    ],
)
def test_utf8_in_any_letters(text: str) -> None:
    """Quoted or not, in any place among the parameters."""
    kind = media_type(text)
    assert kind is not None
    assert kind.is_json
    assert kind.is_utf8


@pytest.mark.parametrize("charset", ["utf-16", "iso-8859-1", '"windows-1258"', "us-ascii"])
def test_another_charset_is_seen(charset: str) -> None:
    """What is not UTF-8 is not read as if it were."""
    kind = media_type(f"application/json; charset={charset}")
    assert kind is not None
    assert not kind.is_utf8


@pytest.mark.parametrize(
    ("text", "json"),
    [
        ("application/cloudevents+json", True),
        ("application/vnd.centre.v1+JSON", True),
        ("text/json", True),
        ("text/xml", False),
        ("application/jsonl", False),
        ("application/x-ndjson", False),
    ],
)
def test_json_is_told_from_others(text: str, *, json: bool) -> None:
    """By the whole subtype or its suffix, not by a part of it."""
    kind = media_type(text)
    assert kind is not None
    assert kind.is_json is json


@pytest.mark.parametrize(
    "text",
    [
        "",
        "json",
        "application/",
        "application/json; charset",
        "application/json; charset=",
        'application/json; charset="utf-8',
        "application/json charset=utf-8",
        "application/json; charset=utf-8; charset=utf-16",
        "application/json, text/plain",
        "application/json;" + " " * CHARACTERS_MAX,
    ],
)
def test_what_is_no_media_type_is_none(text: str) -> None:
    """Neither guessed nor mended."""
    assert media_type(text) is None
