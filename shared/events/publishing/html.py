"""Small pieces of HTML that the contract's page is put together from."""

from collections.abc import Iterable
from html import escape
from typing import Final

STYLE: Final = """
:root { color-scheme: light dark; --line: #8884; --soft: #8881; --accent: #a31f1f; }
@media (prefers-color-scheme: dark) { :root { --accent: #ff8a80; } }
* { box-sizing: border-box; }
body { font: 16px/1.55 system-ui, sans-serif; margin: 0 auto; max-width: 76rem;
  padding: 1.5rem 1rem 4rem; overflow-wrap: anywhere; }
h1 { margin: 0 0 .25rem; }
h2 { border-bottom: 2px solid var(--accent); margin-top: 3rem; padding-bottom: .25rem; }
h3 { margin: 1.75rem 0 .5rem; }
a { color: inherit; }
nav { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; padding: .5rem 0; }
table { border-collapse: collapse; width: 100%; }
th, td { border-bottom: 1px solid var(--line); padding: .35rem .6rem; text-align: left;
  vertical-align: top; }
th { background: var(--soft); font-weight: 600; white-space: nowrap; }
td:first-child { overflow-wrap: normal; }
code, pre { font: 13px/1.5 ui-monospace, monospace; }
pre { background: var(--soft); border-radius: .3rem; overflow-x: auto; padding: .75rem; }
details { border: 1px solid var(--line); border-radius: .3rem; margin: .35rem 0; }
details > *:not(summary) { margin-left: 1rem; margin-right: 1rem; }
summary { cursor: pointer; padding: .35rem .75rem; }
summary:hover { background: var(--soft); }
.soft { opacity: .75; }
.wide { overflow-x: auto; }
@media print { details { break-inside: avoid; } nav { display: none; } }
"""


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Write a table; the cells of the rows are HTML already."""
    heads = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    lines = ("".join(f"<td>{cell}</td>" for cell in row) for row in rows)
    body = "\n".join(f"<tr>{line}</tr>" for line in lines)
    return f'<div class="wide"><table><tr>{heads}</tr>\n{body}</table></div>'


def code(text: object) -> str:
    """Write a word as code."""
    return f"<code>{escape(str(text))}</code>"


def soft(text: str) -> str:
    """Write a remark that may be passed over."""
    return f'<span class="soft">{escape(text)}</span>'


def block(text: str) -> str:
    """Write lines of code."""
    return f"<pre>{escape(text)}</pre>"
