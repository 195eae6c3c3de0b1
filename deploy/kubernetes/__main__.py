"""Writes `base/`: `python -m deploy.kubernetes`."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import yaml
from typing_extensions import override

from deploy.installation import AUDITOR, SERVICES
from deploy.kubernetes import kafka, workloads
from deploy.kubernetes.watching import alerts, scraping

BASE: Final = Path(__file__).parent / "base"
HEAD: Final = "# Written by `python -m deploy.kubernetes`; what is changed here is lost.\n"


def manifests() -> dict[str, str]:
    """Return every file of the base, by its name."""
    files = {
        "topics.yaml": _text(kafka.topics()),
        "users.yaml": _text(kafka.users()),
        "settings.yaml": _text([workloads.settings()]),
        **{f"{name}.yaml": _text(workloads.service(name)) for name in SERVICES},
        f"{AUDITOR}.yaml": _text(workloads.auditor()),
        "reference.yaml": _text([workloads.reference_job()]),
        "scaling.yaml": _text(
            one
            for name, shape in workloads.SHAPES.items()
            if shape.lag is not None
            for one in workloads.scaling(name)
        ),
        "network.yaml": _text(workloads.network()),
        "watching.yaml": _text([*scraping(), alerts()]),
    }
    kustomization = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": sorted(files),
    }
    return {**files, "kustomization.yaml": _text([kustomization])}


class _Plain(yaml.SafeDumper):
    """Writes a value that occurs twice out twice: anchors are hard to read in a manifest."""

    @override
    def ignore_aliases(self, data: object) -> bool:
        return True


def _text(documents: Iterable[Mapping[str, Any]]) -> str:
    parts = [
        yaml.dump(one, Dumper=_Plain, sort_keys=False, width=100, allow_unicode=True)
        for one in documents
    ]
    return HEAD + "---\n".join(parts)


def main() -> None:
    """Write the files, and take away what is no longer one."""
    BASE.mkdir(exist_ok=True)
    files = manifests()
    for name, text in files.items():
        (BASE / name).write_text(text, encoding="utf-8")
    for path in BASE.glob("*.yaml"):
        if path.name not in files:
            path.unlink()


if __name__ == "__main__":
    main()
