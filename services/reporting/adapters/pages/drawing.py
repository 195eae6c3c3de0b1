"""Pictures drawn on the server: lines with their names at the end, bars, intervals.

Each returns SVG without script or style of its own; colours come from the style sheet.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, log10
from typing import Final

from markupsafe import Markup, escape

from services.reporting.adapters.pages.formats import Language, number
from services.reporting.core.figures import Ratio
from services.reporting.core.stats import wilson

AXIS_LOW: Final = 0.6
AXIS_MARK: Final = 0.9
GRID_LINES: Final = 4
LABEL_GAP: Final = 15.0
OFF_AXIS: Final = Markup('<path class="off" d="M8 3 L2 8 L8 13"/>')


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a chart: what it is called, its class in the style sheet, its values."""

    name: str
    style: str
    values: Sequence[int]


@dataclass(frozen=True, slots=True)
class Frame:
    """The size of a chart and its margins, in SVG units."""

    width: int
    height: int
    left: int
    right: int
    top: int = 10
    bottom: int = 24


WIDE: Final = Frame(680, 190, 46, 86)
NARROW: Final = Frame(360, 190, 40, 78)


def trend(
    lines: Sequence[Line],
    labels: Sequence[str],
    *,
    frame: Frame,
    title: str,
    language: Language,
) -> Markup:
    """Draw lines over the same steps, named at their ends; the axis begins at zero."""
    top = _ceiling(max((value for line in lines for value in line.values), default=0))
    plot_w = frame.width - frame.left - frame.right
    plot_h = frame.height - frame.top - frame.bottom

    def y(value: float) -> float:
        return frame.top + plot_h * (1 - value / top)

    box = f"0 0 {frame.width} {frame.height}"
    parts = [f'<svg class="chart" viewBox="{box}" role="img" aria-label="{escape(title)}">']
    for step in range(GRID_LINES + 1):
        value = top * step // GRID_LINES
        parts.append(
            f'<line class="grid" x1="{frame.left}" x2="{frame.left + plot_w}" '
            f'y1="{y(value):.1f}" y2="{y(value):.1f}"/>'
            f'<text class="tick" x="{frame.left - 6}" y="{y(value) + 4:.1f}" '
            f'text-anchor="end">{number(value, language)}</text>'
        )
    count = max((len(line.values) for line in lines), default=0)
    parts.extend(_step_labels(labels, frame, plot_w))
    ends: list[tuple[float, Line]] = []
    for line in lines:
        points = [
            (_x(index, count, frame.left, plot_w), y(value))
            for index, value in enumerate(line.values)
        ]
        if not points:
            continue
        if len(points) == 1:
            parts.append(
                f'<circle class="dot {line.style}" r="3" cx="{points[0][0]:.1f}" '
                f'cy="{points[0][1]:.1f}"/>'
            )
        path = " ".join(f"{px:.1f},{py:.1f}" for px, py in points)
        parts.append(f'<polyline class="line {line.style}" points="{path}"/>')
        ends.append((points[-1][1], line))
    right = frame.left + plot_w + 6
    for at, line in _spread(ends, lowest=frame.top + plot_h):
        parts.append(
            f'<text class="name {line.style}" x="{right}" y="{at + 4:.1f}">'
            f"{escape(line.name)}</text>"
        )
    parts.append("</svg>")
    return Markup("".join(parts))  # noqa: S704 - every text in it was escaped above.


def _x(index: int, count: int, left: float, width: float) -> float:
    return left + (width * index / (count - 1) if count > 1 else width / 2)


def _step_labels(labels: Sequence[str], frame: Frame, plot_w: int) -> list[str]:
    """Write as many steps beneath the axis as there is room for, the first and last always."""
    room = max(2, plot_w // 64)
    every = max(1, ceil((len(labels) - 1) / (room - 1))) if len(labels) > 1 else 1
    shown = {*range(0, len(labels), every)}
    if labels:
        last = len(labels) - 1
        shown = {one for one in shown if last - one >= every / 2} | {last}
    y = frame.height - 6
    return [
        f'<text class="tick" x="{_x(index, len(labels), frame.left, plot_w):.1f}" y="{y}" '
        f'text-anchor="middle">{escape(labels[index])}</text>'
        for index in sorted(shown)
    ]


def _spread(ends: Sequence[tuple[float, Line]], *, lowest: float) -> list[tuple[float, Line]]:
    """Move names apart so that none lies on another, nor below the axis."""
    placed: list[tuple[float, Line]] = []
    for at, line in sorted(ends, key=lambda pair: pair[0], reverse=True):
        highest = placed[-1][0] - LABEL_GAP if placed else lowest - 2
        placed.append((min(at, highest), line))
    return placed


def _ceiling(value: int) -> int:
    """Return a round number at or above a value, that four parts divide."""
    if value <= GRID_LINES:
        return GRID_LINES
    step = int(10 ** int(log10(value)))
    for factor in (1, 2, 4, 6, 8, 10, 20):
        candidate = factor * step
        if candidate >= value and candidate % GRID_LINES == 0:
            return candidate
    return step * 20


def bar(value: int, largest: int, style: str, *, width: int = 240) -> Markup:
    """Draw one bar from zero; a value of its own is never invisible."""
    length = 0.0 if largest == 0 else max(value / largest * width, 1.5 if value else 0)
    return Markup(
        '<svg class="bar" viewBox="0 0 {} 12" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="{}" width="{}" height="12"/></svg>'
    ).format(width, style, f"{length:.1f}")


def interval(ratio: Ratio, label: str) -> Markup:
    """Draw a rate with its 95 % interval on an axis from 60 to 100 %, marked at 90 %."""
    bounds = wilson(ratio.num, ratio.den)
    share = ratio.share
    if bounds is None or share is None:
        return Markup("")

    def x(value: float) -> float:
        return 4 + (max(value, AXIS_LOW) - AXIS_LOW) / (1 - AXIS_LOW) * 142

    style = "attention" if share < AXIS_MARK else "plain"
    off_axis = OFF_AXIS if share < AXIS_LOW else Markup()
    return Markup(
        '<svg class="interval" viewBox="0 0 150 16" role="img" aria-label="{}">'
        '<line class="axis" x1="4" x2="146" y1="8" y2="8"/>'
        '<line class="mark" x1="{}" x2="{}" y1="1" y2="15"/>'
        '<line class="spread" x1="{}" x2="{}" y1="8" y2="8"/>'
        '<circle class="{}" r="4" cx="{}" cy="8"/>{}</svg>'
    ).format(
        label,
        f"{x(AXIS_MARK):.1f}",
        f"{x(AXIS_MARK):.1f}",
        f"{x(bounds.low):.1f}",
        f"{x(bounds.high):.1f}",
        style,
        f"{x(share):.1f}",
        off_axis,
    )


def spark(values: Sequence[int], label: str) -> Markup:
    """Draw a small line from zero over the last days."""
    if len(values) < len("ab"):
        return Markup("")
    top = max(*values, 1)
    points = " ".join(
        f"{2 + index * 80 / (len(values) - 1):.1f},{14 - 12 * value / top:.1f}"
        for index, value in enumerate(values)
    )
    return Markup(
        '<svg class="spark" viewBox="0 0 84 16" role="img" aria-label="{}">'
        '<polyline points="{}"/></svg>'
    ).format(label, points)


def split(parts: Sequence[tuple[str, str, float]]) -> Markup:
    """Draw one bar cut into parts: (text, class, size); texts stand in those that have room."""
    total = sum(size for _, _, size in parts)
    if total <= 0:
        return Markup("")
    drawn: list[str] = []
    at = 0.0
    for text, style, size in parts:
        width = size / total * 460
        drawn.append(
            f'<rect class="{escape(style)}" x="{at:.1f}" width="{max(width - 1, 1):.1f}" '
            f'height="26"><title>{escape(text)}</title></rect>'
        )
        if width > len(text) * 6.4:
            drawn.append(
                f'<text class="on-{escape(style)}" x="{at + width / 2:.1f}" y="17" '
                f'text-anchor="middle">{escape(text)}</text>'
            )
        at += width
    label = escape("; ".join(text for text, _, _ in parts))
    return Markup(  # noqa: S704 - every text in it was escaped above.
        f'<svg class="split" viewBox="0 0 460 26" role="img" aria-label="{label}">'
        + "".join(drawn)
        + "</svg>"
    )
