"""What the Prometheus Operator is told: whom to scrape, and the alert rules of ours."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from deploy.installation import SERVICES, SUPERVISED
from deploy.kubernetes.pods import INSTALLATION
from deploy.kubernetes.workloads import PART_OF

RULES: Final = Path(__file__).parents[1] / "prometheus" / "rules" / "motcua.yml"
API: Final = "monitoring.coreos.com/v1"
OPERATORS_KEY: Final = {
    "authorization": {"credentials": {"name": INSTALLATION, "key": "operator.key"}}
}


def scraping() -> Iterator[Mapping[str, Any]]:
    """Yield one monitor of each service, under the names that rules and dashboards use.

    The auditor asks for no key, and is given none.
    """
    for name in SUPERVISED:
        yield {
            "apiVersion": API,
            "kind": "ServiceMonitor",
            "metadata": {"name": f"motcua-{name}", "labels": PART_OF},
            "spec": {
                "selector": {"matchLabels": {"app.kubernetes.io/name": name}},
                "endpoints": [
                    {
                        "port": "http",
                        "path": "/metrics",
                        "interval": "15s",
                        **(OPERATORS_KEY if name in SERVICES else {}),
                        "relabelings": [
                            {"targetLabel": "job", "replacement": _job_of(name)},
                            {"targetLabel": "service", "replacement": name},
                        ],
                    }
                ],
            },
        }


def _job_of(name: str) -> str:
    """Return the job that `deploy/prometheus/prometheus.yml` scrapes it under."""
    return "motcua" if name in SERVICES else name


def alerts() -> Mapping[str, Any]:
    """Return the rules that `promtool` has tested, word for word."""
    return {
        "apiVersion": API,
        "kind": "PrometheusRule",
        "metadata": {"name": "motcua", "labels": PART_OF},
        "spec": yaml.safe_load(RULES.read_text(encoding="utf-8")),
    }
