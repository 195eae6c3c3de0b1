"""Letters into words: sandboxed templates from files, compiled once, markup escaped.

Each template has six blocks: subject, text and short, in both languages. A value that the
wording needs and the letter lacks makes it wordless; nothing is ever sent with a gap.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from jinja2 import FileSystemLoader, TemplateError, Undefined, UndefinedError
from jinja2.sandbox import ImmutableSandboxedEnvironment, SandboxedEnvironment
from typing_extensions import override

from services.notifications.core.letter import Letter
from services.notifications.core.notice import Language
from services.notifications.core.rates import MERGED_MAX
from services.notifications.core.safety import UnsafeTextError, header_text
from services.notifications.ports import Content, WordlessError

TEMPLATES: Final = Path(__file__).parent / "templates" / "mail"
DIGEST: Final = "digest"
SUBJECT_CHARACTERS_MAX: Final = 180
LINES_MAX: Final = 450
"""How many of a digest's further notices get a line; the rest is counted."""

_VERSION: Final = re.compile(r"\{# version ([0-9]{1,4}) #\}")
_PARAGRAPH: Final = re.compile(r"\n\s*\n")

_FRAME: Final[Mapping[Language, Mapping[str, str]]] = {
    "vi": {
        "greeting": "Kính gửi ông/bà {name},",
        "answer": "Xác nhận, nêu nguyên nhân và ngày hẹn",
        "desk": "Mở trang Việc của tôi",
        "rest": "Các việc khác:",
        "unnamed": "và {count} việc nữa ở trang Việc của tôi.",
        "resent": "Thư này có thể đã đến một lần trước đó.",
        "foot": "Thư tự động của Trung tâm phục vụ hành chính công, xin không trả lời thư này.",
    },
    "en": {
        "greeting": "Dear {name},",
        "answer": "Acknowledge with a cause and a date",
        "desk": "Open My matters",
        "rest": "Further matters:",
        "unnamed": "and {count} more in My matters.",
        "resent": "This message may have reached you once before.",
        "foot": "An automatic message of the Public Administration Service Centre; "
        "please do not reply.",
    },
}


class Needed(Undefined):
    """A missing value: it may be asked for, and never be printed."""

    @override
    def __str__(self) -> str:
        self._fail_with_undefined_error()
        raise AssertionError("unreachable: the line above raises")


@dataclass(frozen=True, slots=True)
class _Part:
    subject: str
    lines: tuple[str, ...]
    short: str
    answer: str
    version: int


class FileRenderer:
    """Renders from the templates of this package, and from nowhere else."""

    def __init__(self, folder: Path = TEMPLATES) -> None:
        self._folder = folder
        self._plain = _environment(folder, autoescape=False)
        self._marked_up = _environment(folder, autoescape=True)
        self._versions = {path.stem: _version(path) for path in folder.glob("*.txt")}

    @property
    def names(self) -> frozenset[str]:
        """The names of the wordings that there are."""
        return frozenset(self._versions) - {"message"}

    def render(self, letters: Sequence[Letter]) -> Content:
        """Return one letter's content, or several merged into one message."""
        assert letters, "a message carries something"
        parts = [self._part(letter) for letter in letters[:MERGED_MAX]]
        rest = letters[MERGED_MAX:]
        first = letters[0]
        language = first.language
        if len(parts) == 1:
            subject, intro, short = parts[0].subject, "", parts[0].short
            version, template = parts[0].version, first.template
        else:
            about = {"count": str(len(letters)), "first": parts[0].subject}
            whole = self._part(Letter(DIGEST, language, None, about))
            subject, intro, short = whole.subject, " ".join(whole.lines), whole.short
            version, template = whole.version, DIGEST
        frame = _FRAME[language]
        named = frame["greeting"].format(name=first.name) if first.name else ""
        values = {
            "lang": language,
            "subject": subject,
            "greeting": named,
            "intro": intro,
            "parts": parts,
            "rest": [self._subject(letter) for letter in rest[:LINES_MAX]],
            "unnamed": _unnamed(len(rest) - LINES_MAX, frame["unnamed"]),
            "desk": first.links.desk,
            "resent": any(letter.resent for letter in letters),
            "words": frame,
        }
        return Content(
            subject=_header(subject, template),
            text=self._frame(self._plain, "message.txt", values),
            html=self._frame(self._marked_up, "message.html", values),
            short=short,
            version=version,
            parameters=_parameters(first, parts[0]),
        )

    def _subject(self, letter: Letter) -> str:
        """Return one line for a notice that is not printed in full."""
        return self._blocks(letter, ("subject",))["subject"]

    def _part(self, letter: Letter) -> _Part:
        texts = self._blocks(letter, ("subject", "text", "short"))
        return _Part(
            subject=texts["subject"],
            lines=tuple(_paragraphs(texts["text"])),
            short=_line(texts["short"]),
            answer=letter.links.answer,
            version=self._versions[letter.template],
        )

    def _blocks(self, letter: Letter, parts: Sequence[str]) -> dict[str, str]:
        """Return blocks of a letter's wording, a subject as one line."""
        name = letter.template
        if name not in self._versions:
            raise WordlessError(name, "there is no such wording")
        template = self._plain.get_template(f"{name}.txt")
        texts: dict[str, str] = {}
        try:
            for part in parts:
                context = template.new_context(dict(letter.values))
                block = template.blocks[f"{letter.language}_{part}"]
                texts[part] = "".join(block(context))
        except (TemplateError, KeyError) as error:
            why = error.message if isinstance(error, UndefinedError) else type(error).__name__
            raise WordlessError(name, str(why)) from None
        return {**texts, "subject": _line(texts["subject"])}

    @staticmethod
    def _frame(environment: SandboxedEnvironment, name: str, values: Mapping[str, Any]) -> str:
        try:
            return environment.get_template(name).render(values)
        except TemplateError as error:
            raise WordlessError(name, type(error).__name__) from None


def _unnamed(count: int, words: str) -> str:
    return words.format(count=count) if count > 0 else ""


def _environment(folder: Path, *, autoescape: bool) -> SandboxedEnvironment:
    return ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(folder),
        autoescape=autoescape,
        undefined=Needed,
        auto_reload=False,
        keep_trailing_newline=True,
    )


def _version(path: Path) -> int:
    found = _VERSION.match(path.read_text(encoding="utf-8"))
    return int(found[1]) if found else 1


def _line(text: str) -> str:
    return " ".join(text.split())


def _paragraphs(text: str) -> Iterator[str]:
    for paragraph in _PARAGRAPH.split(text):
        line = _line(paragraph)
        if line:
            yield line


def _header(subject: str, template: str) -> str:
    try:
        return header_text(subject[:SUBJECT_CHARACTERS_MAX])
    except UnsafeTextError as error:
        raise WordlessError(template, str(error)) from None


def _parameters(letter: Letter, part: _Part) -> dict[str, str]:
    """Return what providers that keep the wording are given, by the names they use here.

    Source: the fields of a provincial system's Zalo templates.
    """
    values = letter.values
    return {
        "ma_ho_so": values.get("subject", ""),
        "don_vi": values.get("unit", ""),
        "ten_dich_vu": values.get("procedure", ""),
        "trang_thai": part.subject.partition(values.get("subject", "\x00"))[2].strip(" :,·")
        or part.subject,
        "ngay_hen": values.get("due", values.get("new_date", "")),
        "ten_nguoi_dan": letter.name or "",
        "loi_nhan": part.short,
    }
