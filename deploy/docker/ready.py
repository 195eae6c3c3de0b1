"""The container's health check: `python -m deploy.docker.ready PORT` asks /readyz."""

import sys

from deploy.supervisor.asking import readiness


def main(port: int) -> int:
    """Return 0 when the service is ready; else say what it misses."""
    said = readiness(f"http://127.0.0.1:{port}")
    for part, why in said.missing.items():
        sys.stdout.write(f"{part}: {why}\n")
    return int(not said.ready)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
