"""Alerts and dashboard ask only for what we measure, and each alert has a page and a test."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import promql_parser as promql
import pytest
import yaml

from deploy.grafana import dashboard
from deploy.prometheus import table as readme
from shared.ops.metrics import declared

DEPLOY = Path(readme.__file__).parents[1]
PROMETHEUS = DEPLOY / "prometheus"
RULES = [
    rule
    for file in sorted((PROMETHEUS / "rules").glob("*.yml"))
    for group in yaml.safe_load(file.read_text(encoding="utf-8"))["groups"]
    for rule in group["rules"]
]
TESTS = [
    (case["name"], expected)
    for file in sorted((PROMETHEUS / "tests").glob("*.test.yml"))
    for case in yaml.safe_load(file.read_text(encoding="utf-8"))["tests"]
    for expected in case["alert_rule_test"]
]
EXPRESSIONS = [(rule["alert"], rule["expr"]) for rule in RULES] + [
    (panel.title, panel.expression) for row in dashboard.ROWS for panel in row.panels
]
TARGET_LABELS = {"job", "service", "instance", "le"}
LABELS_OF = {
    series: set(metric.labels) for metric in declared() for series in metric.series
} | {"up": set[str]()}


def _selectors(expression: Any) -> Iterator[Any]:  # noqa: ANN401 -- The parser ships no types.
    """Find every series that an expression asks for."""
    if isinstance(expression, promql.VectorSelector):
        yield expression
        return
    parts = ("lhs", "rhs", "expr", "vector_selector", "args", "param")
    for name in parts:
        inner = getattr(expression, name, None)
        for part in inner if isinstance(inner, list | tuple) else [inner]:
            if part is not None and not isinstance(part, str):
                yield from _selectors(part)


@pytest.mark.parametrize(("name", "expression"), EXPRESSIONS)
def test_an_expression_parses_and_names_what_we_measure(name: str, expression: str) -> None:
    """An expression parses and names what we measure."""
    selectors = list(_selectors(promql.parse(expression)))
    assert selectors, name
    for selector in selectors:
        assert selector.name in LABELS_OF, f"{name}: nobody declares {selector.name}"
        asked = {matcher.name for matcher in selector.matchers.matchers}
        assert asked <= LABELS_OF[selector.name] | TARGET_LABELS, name


def test_a_wrong_name_would_be_noticed() -> None:
    """The walk above finds names in every place that our expressions have."""
    text = (
        "histogram_quantile(0.9, sum by (le) (rate(a[5m]))) > 0.1 * (b) "
        "and topk(3, -max_over_time(c[1h:5m])) or absent(d{x='y'}) unless e == bool 1"
    )
    names = [selector.name for selector in _selectors(promql.parse(text))]
    assert sorted(names) == ["a", "b", "c", "d", "e"]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: str(rule["alert"]))
def test_an_alert_has_urgency_words_page_and_tests(rule: dict[str, Any]) -> None:
    """An alert has urgency words page and tests."""
    name = rule["alert"]
    assert rule["labels"]["severity"] in {"page", "ticket"}
    assert rule["annotations"]["summary"]
    assert not rule["annotations"]["summary_vi"].isascii()
    page = DEPLOY.parent / rule["annotations"]["runbook"]
    text = page.read_text(encoding="utf-8")
    assert text.startswith(f"# {name}\n")
    assert "## What it means" in text
    assert "## First look" in text
    assert "## Remedy" in text
    outcomes = [bool(test["exp_alerts"]) for _, test in TESTS if test["alertname"] == name]
    assert True in outcomes, "no test makes it fire"
    assert False in outcomes, "no test keeps it quiet"


def test_every_runbook_page_belongs_to_an_alert_or_to_planned_work() -> None:
    """A page that no alert names is listed as planned work; links lead somewhere."""
    folder = DEPLOY / "runbook"
    index = (folder / "README.md").read_text(encoding="utf-8")
    planned = set(
        re.findall(r"\]\(([a-z-]+\.md)\)", index.partition("\nWork that is planned")[2])
    )
    assert planned
    pages = planned | {Path(rule["annotations"]["runbook"]).name for rule in RULES}
    assert {page.name for page in folder.glob("*.md")} == pages | {"README.md"}
    for page in folder.glob("*.md"):
        for part in page.read_text(encoding="utf-8").split("](")[1:]:
            target = part.split(")", maxsplit=1)[0]
            assert (folder / target).exists(), f"{page.name} → {target}"


def test_the_committed_dashboard_is_the_one_of_the_code() -> None:
    """The committed dashboard is the one of the code."""
    committed = dashboard.OUTPUT.read_text(encoding="utf-8")
    assert committed == dashboard.text(), "run python -m deploy.grafana.dashboard"


def test_no_two_panels_overlap() -> None:
    """No two panels overlap."""
    taken: set[tuple[int, int]] = set()
    for panel in dashboard.dashboard()["panels"]:
        place = panel["gridPos"]
        columns = range(place["x"], place["x"] + place["w"])
        lines = range(place["y"], place["y"] + place["h"])
        cells = {(column, line) for column in columns for line in lines}
        assert place["x"] + place["w"] <= dashboard.COLUMNS
        assert not cells & taken, panel["title"]
        taken |= cells


def test_the_committed_table_of_metrics_is_the_one_of_the_code() -> None:
    """The committed table of metrics is the one of the code."""
    committed = readme.README.read_text(encoding="utf-8")
    assert committed == readme.text(), "run python -m deploy.prometheus.table"


@pytest.mark.parametrize("name", ["prometheus.yml", "local.yml"])
def test_prometheus_asks_all_four_services_with_a_key(name: str) -> None:
    """Prometheus asks all four services with a key."""
    config = yaml.safe_load((PROMETHEUS / name).read_text(encoding="utf-8"))
    (job,) = [job for job in config["scrape_configs"] if job["job_name"] == "motcua"]
    found = {
        static["labels"]["service"]: static["targets"][0].rpartition(":")[2]
        for static in job["static_configs"]
    }
    assert found == {
        "intake": "8710",
        "workflow": "8711",
        "notifications": "8712",
        "reporting": "8713",
    }
    assert job["authorization"]["credentials_file"]
