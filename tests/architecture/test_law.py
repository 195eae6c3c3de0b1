"""Articles of the law are written in one table, and nowhere else."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

#: What holds articles on purpose.
TABLE = "shared/law/"
HISTORY = ("shared/decisions/", "CHANGELOG.md")
#: Rows name their source as their author wrote it.
ROWS = ("deploy/reference/", "shared/reference/law_watch.csv")
#: Written from the table by a program; other tests compare them with what it writes.
GENERATED = (
    "services/workflow/kinds.md",
    "services/workflow/kinds.json",
    "shared/events/contract/",
)
#: Tests write down what they expect, so that they share nothing with the table.
EXPECTED = ("tests/",)

_TEXT = (
    r"(?:(?:NĐ|[Nn]ghị định|[Dd]ecree)\s*(?:số\s*)?(?:61|107|118|309|367)(?:/20[0-9]{2})?"
    r"|BLDS|Bộ luật Dân sự|Civil Code)"
)
_PLACE = r"(?:Điều|Đ\.?|khoản|[Aa]rts?\.|[Aa]rticles?)\s?[0-9]"
ARTICLE = re.compile(
    rf"{_TEXT}[^\n]{{0,60}}{_PLACE}|{_PLACE}[^\n]{{0,40}}{_TEXT}|{_TEXT}[^\n]{{0,10}}\b[0-9]+\.[0-9]"
)
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
REPEALED = re.compile(r"61/2018|107/2021|\bNĐ ?(?:61|107)\b|[Dd]ecree (?:61|107)\b")


def _tracked(besides: tuple[str, ...]) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout
    names = [name for name in listed.split("\0") if name and not name.startswith(besides)]
    return [ROOT / name for name in names if (ROOT / name).is_file()]


def _lines(besides: tuple[str, ...], sought: re.Pattern[str]) -> list[str]:
    found = list[str]()
    for path in _tracked(besides):
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # A picture, a font, an archive.
        if path.suffix == ".md":  # A fenced block is what a program prints.
            text = FENCED.sub(lambda block: "\n" * block[0].count("\n"), text)
        found += [
            f"{path.relative_to(ROOT)}:{number}: {line.strip()[:120]}"
            for number, line in enumerate(text.splitlines(), start=1)
            if sought.search(line)
        ]
    return found


def test_articles_are_written_in_the_table_alone() -> None:
    """Whoever names a rule asks `shared.law` for the article and the day decides which."""
    assert _lines((TABLE, *HISTORY, *ROWS, *GENERATED, *EXPECTED), ARTICLE) == []


def test_repealed_decrees_are_named_in_history_alone() -> None:
    """What the table generates for today names no decree that was repealed."""
    assert _lines((TABLE, *HISTORY, *EXPECTED), REPEALED) == []


@pytest.mark.parametrize(
    "text",
    [
        "NĐ 61/2018/NĐ-CP Điều 19 khoản 9",
        "NĐ 118/2025/NĐ-CP Điều 17, sửa đổi bởi NĐ 309/2026/NĐ-CP",
        "Decree 61/2018, Article 19.9",
        "NĐ 61/2018 Đ.19.4",
        "NĐ 61/2018, art. 11.2c: staff may ask once.",
        "theo khoản 5 Điều 19 NĐ 118",
        "the next midnight (Civil Code 148.6)",
        "BLDS Đ.147",
    ],
)
def test_an_article_is_recognised(text: str) -> None:
    """These are the ways in which articles were written before."""
    assert ARTICLE.search(text)


@pytest.mark.parametrize("text", ["NĐ 118/2025/NĐ-CP", "NĐ 310/2026, online", "Article 5"])
def test_a_text_without_an_article_is_not(text: str) -> None:
    """A decree may be named as a whole."""
    assert not ARTICLE.search(text)
