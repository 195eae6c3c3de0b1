"""The operators' dashboard as code: `python -m deploy.grafana.dashboard` writes its JSON.

Every expression is checked, in the tests, to parse and to name a metric that we declare.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

OUTPUT: Final = Path(__file__).parent / "dashboards" / "motcua.json"
COLUMNS: Final = 24
PANEL_HEIGHT: Final = 7
BLUE: Final = "#12436D"
ORANGE: Final = "#F46A25"
DATASOURCE: Final = {"type": "prometheus", "uid": "prometheus"}


@dataclass(frozen=True)
class Panel:
    """One picture: a question, its expression and how the answer reads."""

    title: str
    expression: str
    legend: str = ""
    unit: str = "short"
    says: str = ""
    width: int = 8
    # From this value on somebody is needed; None where no single value says so.
    alarm: float | None = None
    stat: bool = False


@dataclass(frozen=True)
class Row:
    """A line of panels about one thing."""

    title: str
    panels: Sequence[Panel]


ROWS: Final = (
    Row(
        "Does it run?",
        (
            Panel(
                "Services that answer",
                'sum(up{job="motcua"})',
                width=4,
                stat=True,
                says="Four when all are there.",
            ),
            Panel(
                "Readiness",
                "min by (service, check) (motcua_check_ok)",
                "{{service}} {{check}}",
                width=10,
                says="1 is well; 0 names what is missing.",
            ),
            Panel(
                "Background tasks that failed, per 15 minutes",
                "sum by (service, task)"
                ' (increase(motcua_task_runs_total{outcome="failed"}[15m])) > 0',
                "{{service}} {{task}}",
                width=10,
                alarm=5,
            ),
        ),
    ),
    Row(
        "At the door",
        (
            Panel(
                "Events per second, by door and outcome",
                "sum by (door, outcome) (rate(motcua_inbound_events_total[5m]))",
                "{{door}} {{outcome}}",
                "eps",
            ),
            Panel(
                "Refusals per hour, by rule",
                "topk(10, sum by (rule) (increase(motcua_inbound_refusals_total[1h])))",
                "{{rule}}",
            ),
            Panel(
                "HTTP, 99th percentile",
                "histogram_quantile(0.99, sum by (le, service)"
                " (rate(motcua_http_request_duration_seconds_bucket[5m])))",
                "{{service}}",
                "s",
            ),
            Panel(
                "HTTP answers per second, by status",
                "sum by (service, status) (rate(motcua_http_requests_total[5m]))",
                "{{service}} {{status}}",
                "reqps",
            ),
        ),
    ),
    Row(
        "Does it flow?",
        (
            Panel(
                "Age of the oldest unprocessed event",
                "max by (service, topic) (motcua_oldest_unprocessed_event_age_seconds)",
                "{{service}} {{topic}}",
                "s",
                alarm=900,
            ),
            Panel(
                "Lag",
                "sum by (service, topic) (motcua_consumer_lag_records)",
                "{{service}} {{topic}}",
                alarm=10_000,
            ),
            Panel(
                "Events per second, by outcome",
                "sum by (service, outcome) (rate(motcua_events_applied_total[5m]))",
                "{{service}} {{outcome}}",
                "eps",
            ),
            Panel(
                "End to end, 95th percentile",
                "histogram_quantile(0.95, sum by (le, service)"
                " (rate(motcua_end_to_end_latency_seconds_bucket[5m])))",
                "{{service}}",
                "s",
                says="From the recording at intake until the effect here is published.",
            ),
            Panel(
                "One batch, 95th percentile",
                "histogram_quantile(0.95, sum by (le, service, topic)"
                " (rate(motcua_batch_duration_seconds_bucket[5m])))",
                "{{service}} {{topic}}",
                "s",
            ),
            Panel(
                "Outbox: age of the oldest",
                "motcua_outbox_oldest_age_seconds",
                "{{service}}",
                "s",
                alarm=300,
            ),
            Panel("Outbox: events", "motcua_outbox_depth_events", "{{service}}"),
            Panel(
                "Parked subjects",
                "sum by (service, topic) (motcua_parked_subjects)",
                "{{service}} {{topic}}",
                alarm=1,
            ),
            Panel(
                "Sequence gaps",
                "sum by (service, topic) (motcua_sequence_gaps)",
                "{{service}} {{topic}}",
                alarm=1,
            ),
        ),
    ),
    Row(
        "Obligations",
        (
            Panel("Open, by kind", "sum by (kind) (motcua_obligations_open)", "{{kind}}"),
            Panel(
                "Rungs raised per hour",
                "sum by (kind, rung) (increase(motcua_escalations_total[1h]))",
                "{{kind}} {{rung}}",
            ),
            Panel(
                "Escalations expected − done",
                "sum(abs(motcua_escalations_expected_minus_done))",
                width=4,
                stat=True,
                alarm=1,
                says="It must read 0.",
            ),
            Panel(
                "Calendar left, days",
                'min(motcua_calendar_horizon{service="workflow"})',
                width=4,
                stat=True,
            ),
            Panel(
                "Lateness of timers, 99th percentile",
                "histogram_quantile(0.99, sum by (le, kind)"
                " (rate(motcua_timer_lateness_seconds_bucket[1h])))",
                "{{kind}}",
                "s",
            ),
            Panel(
                "Oldest moment not looked at",
                'motcua_timer_oldest_unfired_age_seconds{service="workflow"}',
                "{{service}}",
                "s",
                alarm=1_800,
            ),
            Panel(
                "Age of the least mark of progress",
                'motcua_progress_least_mark_age_seconds{service="workflow"}',
                "{{service}}",
                "s",
                alarm=900,
            ),
            Panel(
                "Roles that nobody answers for, or no channel reaches",
                "sum by (role, reason) (motcua_coverage_gaps_open)",
                "{{role}} {{reason}}",
                alarm=1,
            ),
            Panel(
                "Communes that lost a system",
                "max by (system) (motcua_connections_lost)",
                "{{system}}",
                alarm=1,
            ),
        ),
    ),
    Row(
        "Notices",
        (
            Panel(
                "Per hour, by state and channel",
                "sum by (state, channel) (increase(motcua_notices_total[1h]))",
                "{{channel}} {{state}}",
            ),
            Panel(
                "Oldest past its time",
                "max by (channel) (motcua_notice_oldest_waiting_age_seconds)",
                "{{channel}}",
                "s",
                alarm=1_800,
            ),
            Panel(
                "Answers of providers, 95th percentile",
                "histogram_quantile(0.95, sum by (le, channel)"
                " (rate(motcua_notice_send_duration_seconds_bucket[15m])))",
                "{{channel}}",
                "s",
            ),
        ),
    ),
    Row(
        "Figures",
        (
            Panel(
                "The figures reconcile",
                'min(motcua_figures_reconcile{service="reporting"})',
                width=8,
                stat=True,
                says="1 when received + carried + moved in = resolved + pending + moved out.",
            ),
            Panel(
                "Centres not heard on the last working day",
                'max(motcua_units_silent{service="reporting"})',
                width=8,
                stat=True,
                alarm=1,
            ),
            Panel(
                "Open dossiers without a deadline",
                'max(motcua_dossiers_without_deadline{service="reporting"})',
                width=8,
                stat=True,
                alarm=1,
            ),
        ),
    ),
)


def dashboard() -> dict[str, Any]:
    """Build the document that Grafana reads."""
    return {
        "uid": "motcua",
        "title": "motcua",
        "description": "What operators look at: run, flow, obligations, notices, figures.",
        "tags": ["motcua"],
        "schemaVersion": 39,
        "editable": False,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "timezone": "Asia/Ho_Chi_Minh",
        "panels": list(_panels()),
    }


def text() -> str:
    """Render the document as it is committed."""
    return json.dumps(dashboard(), ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def main() -> None:
    """Write the document."""
    OUTPUT.parent.mkdir(exist_ok=True)
    OUTPUT.write_text(text(), encoding="utf-8")


def _panels() -> Iterator[dict[str, Any]]:
    number, top = 0, 0
    for row in ROWS:
        number += 1
        yield {
            "id": number,
            "type": "row",
            "title": row.title,
            "collapsed": False,
            "panels": [],
            "gridPos": {"h": 1, "w": COLUMNS, "x": 0, "y": top},
        }
        top, left = top + 1, 0
        for panel in row.panels:
            if left + panel.width > COLUMNS:
                top, left = top + PANEL_HEIGHT, 0
            number += 1
            place = {"h": PANEL_HEIGHT, "w": panel.width, "x": left, "y": top}
            yield _panel(panel, number, place)
            left += panel.width
        top += PANEL_HEIGHT


def _panel(panel: Panel, number: int, place: dict[str, int]) -> dict[str, Any]:
    steps: list[dict[str, Any]] = [{"color": BLUE, "value": None}]
    if panel.alarm is not None:
        steps.append({"color": ORANGE, "value": panel.alarm})
    thresholds = {"mode": "absolute", "steps": steps}
    drawn = {"thresholdsStyle": {"mode": "off" if panel.alarm is None else "dashed"}}
    return {
        "id": number,
        "type": "stat" if panel.stat else "timeseries",
        "title": panel.title,
        "description": panel.says,
        "datasource": DATASOURCE,
        "gridPos": place,
        "targets": [
            {
                "refId": "A",
                "datasource": DATASOURCE,
                "expr": panel.expression,
                "legendFormat": panel.legend or "__auto",
            }
        ],
        "fieldConfig": {
            "defaults": {
                "unit": panel.unit,
                "noValue": "no data",
                "thresholds": thresholds,
                "custom": {} if panel.stat else drawn,
            },
            "overrides": [],
        },
    }


if __name__ == "__main__":
    main()
