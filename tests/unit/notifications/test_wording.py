"""Words, templates, mails: complete in both languages, neutral where they must be, safe."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from html.parser import HTMLParser

import pytest
from typing_extensions import override

from deploy.reference.load import bundled_reference
from services.notifications.adapters.links import MakeLinks
from services.notifications.adapters.mime import mail_bytes
from services.notifications.adapters.names import ReferenceNames
from services.notifications.adapters.render import FileRenderer
from services.notifications.core.cause import Cause, Owed
from services.notifications.core.letter import Letter, Links, letter_of
from services.notifications.core.notice import (
    APPLICANT,
    Channel,
    Language,
    Notice,
    Plan,
    Urgency,
)
from services.notifications.core.policy import CITIZENS, CORRECTION, DATE_MOVED
from services.notifications.core.safety import (
    UnsafeTextError,
    email_address,
    header_text,
    masked,
    person_name,
    phone_number,
)
from services.notifications.core.sms import SEGMENTS_MAX, fit, measure, unaccented
from services.notifications.core.words import kind_word, rung_word
from services.notifications.ports import WordlessError
from services.workflow.core.kinds.registry import KINDS
from tests.fakes.notified import MONDAY, PROCEDURE, UNIT

RENDERER = FileRenderer()
DESK = "https://notices.example/inbox"
NAMES = ReferenceNames(bundled_reference())
CODE = "H37.112-261123-0001"
CHAIR = "p-06112-chairman"
FACTS = {
    "reason": "incomplete",
    "items": "HK-01, HK-02",
    "amount": "50000",
    "new_date": "2026-12-02",
    "due": MONDAY.isoformat(),
    "from_unit": UNIT,
    "to_unit": "06001",
    "how": "direct",
    "agency": "cong-an-xa",
    "kind": "dossier_deadline",
    "rung": "overdue",
    "role": "chairman",
    "why": "vacant",
    "unit": UNIT,
    "since": MONDAY.isoformat(),
    "until": MONDAY.isoformat(),
    "count": "12",
    "told": "completed",
    "reasons": "no_contact, endpoint_disabled",
}
STAFF = (
    "rung",
    "rung_withdrawn",
    "acknowledgement_refused",
    "coverage_gap",
    "unreached",
    "incident",
    "incident_closed",
)
CITIZEN = tuple(sorted({row.template for row in (*CITIZENS.values(), DATE_MOVED, CORRECTION)}))


def notice(template: str, *, recipient: str = APPLICANT, **facts: str) -> Notice:
    """Return a notice of a wording."""
    plan = Plan(
        id="n1",
        key="k1",
        subject=CODE,
        unit=UNIT,
        event="e1",
        event_name="dossier.accepted",
        recipient=recipient,
        contact=CODE,
        channel=Channel.EMAIL,
        template=template,
        urgency=Urgency.ROUTINE,
        planned_at=MONDAY,
        facts={**FACTS, **facts},
    )
    return Notice(plan)


def letter(template: str, language: Language, *, name: str | None = "Nông Thị Bé") -> Letter:
    """Return a letter of a wording, with everything that it could use."""
    owed = Owed("dossier_deadline", "dossier_deadline", UNIT, due=MONDAY, dated=True)
    cause = Cause(CODE, unit=UNIT, procedure=PROCEDURE, owed={"dossier_deadline": owed})
    staff = template in STAFF
    return letter_of(
        notice(template, recipient=CHAIR if staff else APPLICANT),
        cause,
        language=language,
        name=name,
        names=NAMES,
        links=Links("http://x/a/token", DESK) if staff else Links(),
        resent=False,
    )


def mail(letter_: Letter, **parts: str) -> EmailMessage:
    """Return the mail of a letter as its reader sees it."""
    content = RENDERER.render([letter_])
    raw = mail_bytes(
        message_id="n1",
        sender="motcua@province.test",
        sender_name="Trung tâm",
        to=parts.get("to", "a@example.test"),
        to_name=parts.get("to_name"),
        subject=parts.get("subject", content.subject),
        text=content.text,
        html=content.html,
        sent_at=datetime(2026, 11, 23, 2, tzinfo=UTC),
        language=letter_.language,
        marks=[("X-Motcua-Notice", "n1")],
    )
    return message_from_bytes(raw, policy=policy.default)


def test_every_kind_and_rung_of_workflow_has_words() -> None:
    """Workflow's data and these words say the same."""
    for kind in KINDS.values():
        assert kind_word(kind.id, "vi") == kind.name.vi
        assert kind_word(kind.id, "en") == kind.name.en
        for ladder in (kind.ladder, *kind.ladders.values()):
            for rung in ladder.rungs:
                assert rung_word(kind.id, rung.id, "vi") == rung.vi
                assert rung_word(kind.id, rung.id, "en") == rung.en


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("template", [*CITIZEN, *STAFF])
def test_every_wording_is_there_in_both_languages(template: str, language: Language) -> None:
    """Subject, text, HTML and the short form; nothing is left unfilled, SMS is affordable."""
    content = RENDERER.render([letter(template, language)])
    for text in (content.subject, content.text, content.html, content.short):
        assert text.strip()
        assert "{{" not in text
        assert "None" not in text
    assert "\n" not in content.subject
    assert f" {UNIT}" not in content.text, "a unit is named, not numbered"
    assert measure(fit(content.short, accents=False)[0]).segments <= SEGMENTS_MAX
    assert content.version >= 1
    told = ("Mở trang Việc của tôi", "Open My matters")[language == "en"]
    for part in (content.text, content.html):
        assert (DESK in part, told in part) == (template in STAFF,) * 2
    assert set(RENDERER.names) >= {*CITIZEN, *STAFF, "digest"}


def test_a_value_that_is_missing_is_never_printed_as_a_gap() -> None:
    """The wording needs a date and the letter has none: it is wordless."""
    whole = letter("new_date", "vi")
    gap = replace(whole, values={k: v for k, v in whole.values.items() if k != "new_date"})
    with pytest.raises(WordlessError):
        RENDERER.render([gap])
    with pytest.raises(WordlessError):
        RENDERER.render([replace(whole, template="../../secrets")])


def test_several_letters_are_one_message_that_names_each() -> None:
    """A merged message has each matter with its own link."""
    codes = [f"H37.112-261123-{number:04d}" for number in range(5)]
    one = letter("rung", "vi")
    several = [
        replace(one, values={**one.values, "subject": code, "title": code}) for code in codes
    ]
    content = RENDERER.render(several)
    assert content.subject.startswith("5 việc")
    for code in codes:
        assert code in content.text
        assert code in content.html
    assert content.text.count("/a/token") == 5


@pytest.mark.parametrize(
    ("template", "recipient", "channel", "answer", "desk"),
    [
        ("rung", CHAIR, Channel.EMAIL, True, True),
        ("rung_withdrawn", CHAIR, Channel.EMAIL, False, True),
        ("rung", CHAIR, Channel.SMS, True, True),
        ("rung", CHAIR, Channel.WEBHOOK, False, False),
        ("accepted", APPLICANT, Channel.EMAIL, False, False),
    ],
)
@pytest.mark.parametrize(("language", "query"), [("vi", ""), ("en", "?lang=en")])
def test_staff_are_led_to_their_form_and_their_desk_in_their_language(
    template: str,
    recipient: str,
    channel: Channel,
    language: Language,
    query: str,
    *,
    answer: bool,
    desk: bool,
) -> None:
    """Under the public address; nobody outside gets a link, nor does a machine."""
    make = MakeLinks("https://notices.example/", b"k" * 32, timedelta(days=1), lambda: MONDAY)
    plan = replace(
        notice(template, recipient=recipient).plan,
        channel=channel,
        obligation="dossier_deadline",
        cycle=1,
        rung="overdue",
    )
    links = make(plan, language)
    assert links.desk == (f"{DESK}{query}" if desk else "")
    assert links.answer.startswith("https://notices.example/a/") is answer
    assert links.answer.endswith(query if answer else "")


@pytest.mark.parametrize(
    ("code", "name"),
    [("cong-an-xa", "Công an cấp xã"), (UNIT, "Xã Bình Gia"), ("G99.1", "G99.1")],
)
@pytest.mark.parametrize("language", ["vi", "en"])
def test_an_apology_names_the_agency_at_fault(code: str, name: str, language: Language) -> None:
    """By its name, as the slip does; by its code while nobody has said its name."""
    letter_ = letter_of(
        notice("apology", agency=code),
        None,
        language=language,
        name=None,
        names=NAMES,
        links=Links(),
        resent=False,
    )
    content = RENDERER.render([letter_])
    said = ("Cơ quan, đơn vị gây chậm trễ", "Agency at fault")[language == "en"]
    assert f"{said}: {name}." in content.text
    assert f"{said}: {name}." in content.html


def sensitive() -> str:
    """Return a procedure of the bundle whose name alone reveals something."""
    return next(one.code for one in NAMES.reference.procedures.values() if one.sensitive)


@pytest.mark.parametrize("template", [*CITIZEN, *STAFF])
def test_a_sensitive_procedure_is_named_neutrally(template: str) -> None:
    """Neither its name nor its code stands anywhere in a message."""
    code = sensitive()
    name = NAMES.reference.procedures[code].name
    cause = Cause(CODE, unit=UNIT, procedure=code)
    for language in ("vi", "en"):
        content = RENDERER.render(
            [
                letter_of(
                    notice(template),
                    cause,
                    language="vi" if language == "vi" else "en",
                    name=None,
                    names=NAMES,
                    links=Links(),
                    resent=False,
                )
            ]
        )
        everything = " ".join(
            (content.subject, content.text, content.html, content.short, *content.parameters)
        )
        assert name not in everything
        assert code not in everything


ATTACKS = [
    "a\r\nBcc: x@evil.test",
    "a\nX-Evil: 1",
    "a\rb",
    "a\x00b",
    "a\x0bb",
    "a\x0cb",
    "a\x1bb",
    "a\x7fb",
    "a\x85b",
    "a\u2028X-Evil: 1",
    "a\u2029b",
    "\u202egnp.exe",
    "a\u2066b\u2069",
    "\ufeffa",
    "a\r\n\r\n<script>alert(1)</script>",
]
MARKUP = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</p><h1>Trúng thưởng</h1>",
    "{{ 7*7 }}",
    "{% for x in ().__class__.__base__.__subclasses__() %}x{% endfor %}",
    "&lt;b&gt;",
    "<a href='javascript:alert(1)'>x</a>",
    "%0d%0aBcc: x@evil.test",
    "=?utf-8?q?=0d=0aBcc:_x?=",
]


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_header_takes_a_control_or_direction_character(attack: str) -> None:
    """Refused in a header; in an address; taken out of a name; absent from what is sent."""
    with pytest.raises(UnsafeTextError):
        header_text(attack)
    assert email_address(f"{attack}@example.test") is None
    assert email_address(f"a@example.test{attack}") is None
    assert phone_number(attack) is None
    with pytest.raises(UnsafeTextError):
        mail(letter("accepted", "vi"), subject=attack)
    with pytest.raises(UnsafeTextError):
        mail(letter("accepted", "vi"), to=f"a@example.test{attack}")
    plain = mail(letter("accepted", "vi"))
    named = mail(letter("accepted", "vi", name=attack), to_name=attack)
    assert list(named.keys()) == list(plain.keys())
    assert next(str(one) for one in named["To"].addresses).endswith("<a@example.test>")


class Structure(HTMLParser):
    """The tags of a page, in order, with the addresses they lead to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, str | None]] = []
        self.feed(text)

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep a tag."""
        self.tags.append((tag, dict(attrs).get("href")))


def injections() -> Iterator[str]:
    """Yield everything that somebody could put where text is expected."""
    yield from ATTACKS
    yield from MARKUP


@pytest.mark.parametrize("attack", list(injections()))
@pytest.mark.parametrize("template", ["accepted", "supplement_requested", "rung"])
def test_no_value_changes_the_shape_of_a_page_or_mail(template: str, attack: str) -> None:
    """The same tags, links and headers, whatever a name or a value holds."""
    whole = letter(template, "vi")
    shape = Structure(RENDERER.render([whole]).html).tags
    hurt = letter_of(
        notice(template, items=attack),
        Cause(CODE, unit=UNIT, procedure=PROCEDURE),
        language="vi",
        name=attack,
        names=NAMES,
        links=whole.links,
        resent=False,
    )
    values = {**whole.values, "items": hurt.values["items"]}
    content = RENDERER.render([replace(whole, values=values)])
    assert Structure(content.html).tags == shape
    greeted = RENDERER.render([replace(whole, values=values, name=person_name(attack) or "x")])
    assert [tag for tag, _ in Structure(greeted.html).tags].count("p") - [
        tag for tag, _ in shape
    ].count("p") in {0, 1}
    assert {link for _, link in Structure(greeted.html).tags} == {link for _, link in shape}
    assert "<script" not in greeted.html
    assert "7*7" in greeted.text or "49" not in greeted.text


@pytest.mark.parametrize(
    ("text", "encoding", "segments"),
    [
        ("a" * 160, "gsm7", 1),
        ("a" * 161, "gsm7", 2),
        ("a" * 306, "gsm7", 2),
        ("a" * 307, "gsm7", 3),
        ("€" * 80, "gsm7", 1),
        ("€" * 81, "gsm7", 2),
        ("a" * 152 + "€" + "a" * 10, "gsm7", 2),
        ("ạ" * 70, "ucs2", 1),
        ("ạ" * 71, "ucs2", 2),
        ("ạ" * 134, "ucs2", 2),
        ("ạ" * 135, "ucs2", 3),
        ("😀" * 35, "ucs2", 1),
        ("😀" * 36, "ucs2", 2),
    ],
)
def test_sms_is_measured_as_the_network_does(text: str, encoding: str, segments: int) -> None:
    """3GPP TS 23.038 and 23.040."""
    length = measure(text)
    assert (length.encoding, length.segments) == (encoding, segments)


def test_sms_is_cut_at_a_word_when_it_is_too_long() -> None:
    """Three messages at most, with dots; marks are dropped before words are."""
    text, length = fit("Đường Nguyễn Huệ " * 60, accents=True)
    assert length.segments <= SEGMENTS_MAX
    assert text.endswith("...")
    assert text.isascii()
    assert unaccented("Đặng Thị Ỷ") == "Dang Thi Y"


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("a@example.test", True),
        ("a.b+c@x-y.example.test", True),
        ("a@localhost", True),
        ("a@@example.test", False),
        ("a@example.test, b@example.test", False),
        ("A <a@example.test>", False),
        ('"a b"@example.test', False),
        ("a@-x.test", False),
        ("ạ@example.test", False),
        ("", False),
        ("a" * 250 + "@x.test", False),
    ],
)
def test_an_address_is_one_plain_address(text: str, *, good: bool) -> None:
    """Anything else is no address."""
    assert (email_address(text) is not None) is good


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0912 345 678", "84912345678"),
        ("+84912345678", "84912345678"),
        ("84912345678", "84912345678"),
        ("0205.3812.345", "842053812345"),
        ("12345", None),
        ("+1 202 555 0100", None),
    ],
)
def test_numbers_are_written_as_providers_want_them(text: str, number: str | None) -> None:
    """In international form, without a plus."""
    assert phone_number(text) == number


def test_what_is_masked_cannot_be_used() -> None:
    """One recognises it, and cannot write to it."""
    assert masked("nong.thi.be@example.test") == "n…@example.test"
    assert masked("84912345678") == "84…678"
