"""Prometheus' own tool accepts our configuration, our rules and our metrics."""

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import generate_latest

from deploy.prometheus import table
from shared.ops.metrics import Metrics

pytestmark = pytest.mark.promtool

SOURCE = Path(table.__file__).parent
HOW = "promtool is not on the PATH: install Debian's package prometheus, or its release archive"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a copy of the configuration with a key in its place, as an operator has it."""
    copy = tmp_path / "prometheus"
    shutil.copytree(SOURCE, copy)
    (copy / "secrets").mkdir(exist_ok=True)
    (copy / "secrets" / "operator.key").write_text("mc_0123456789_x\n", encoding="utf-8")
    return copy


def _promtool(arguments: Sequence[str], folder: Path, given: bytes | None = None) -> str:
    tool = shutil.which("promtool")
    assert tool is not None, HOW
    done = subprocess.run(
        [tool, *arguments],
        cwd=folder,
        input=given,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
        timeout=60,
    )
    output = done.stdout.decode()
    assert done.returncode == 0, output
    return output


@pytest.mark.parametrize("name", ["prometheus.yml", "local.yml"])
def test_the_configuration_is_valid(folder: Path, name: str) -> None:
    """The configuration is valid."""
    assert "SUCCESS" in _promtool(["check", "config", name], folder)


def test_the_rules_are_valid(folder: Path) -> None:
    """The rules are valid."""
    files = [str(file) for file in (folder / "rules").glob("*.yml")]
    assert "SUCCESS" in _promtool(
        ["check", "rules", "--lint=all", "--lint-fatal", *files], folder
    )


def test_each_alert_fires_and_keeps_quiet_as_it_should(folder: Path) -> None:
    """Each alert fires and keeps quiet as it should."""
    files = [str(file) for file in (folder / "tests").glob("*.test.yml")]
    assert "SUCCESS" in _promtool(["test", "rules", *files], folder)


def test_a_broken_rule_would_be_noticed(folder: Path) -> None:
    """A broken rule would be noticed."""
    tests = folder / "tests" / "rules.test.yml"
    head, *cases = tests.read_text(encoding="utf-8").split("\n  - name: ")
    of_one = [case for case in cases if case.startswith("ConsumerLagging")]
    tests.write_text("\n  - name: ".join([head, *of_one]), encoding="utf-8")
    test_each_alert_fires_and_keeps_quiet_as_it_should(folder)
    rules = folder / "rules" / "motcua.yml"
    text = rules.read_text(encoding="utf-8")
    rules.write_text(text.replace("> 10000", "> 20000"), encoding="utf-8")
    with pytest.raises(AssertionError, match="ConsumerLagging"):
        test_each_alert_fires_and_keeps_quiet_as_it_should(folder)


def test_the_metrics_are_named_as_they_should_be(folder: Path) -> None:
    """The metrics are named as they should be."""
    registry = CollectorRegistry()
    metrics = Metrics(registry)
    for declared in vars(metrics).values():
        names = getattr(declared, "_labelnames", None)
        if names:
            declared.labels(*("x" for _ in names))
    exposition = generate_latest(registry)
    assert exposition.count(b"# TYPE motcua_") > 30
    assert _promtool(["check", "metrics"], folder, exposition) == ""
