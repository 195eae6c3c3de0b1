"""Say what a test report holds; exit with 1 when a test in it did not run.

`.ci/run` runs it: `python -m tests.report REPORT.xml`.
"""

import sys
from pathlib import Path
from xml.etree import ElementTree as ET


def main(report: Path) -> int:
    """Count the tests of a report that pytest wrote."""
    if not report.exists():
        sys.stdout.write("pytest wrote no report\n")
        return 1
    suites = list(ET.parse(report).getroot().iter("testsuite"))  # noqa: S314  Written by our own pytest, just now.
    count = {
        name: sum(int(suite.get(name, 0)) for suite in suites)
        for name in ("tests", "failures", "errors", "skipped")
    }
    said = ", ".join(f"{number} {name}" for name, number in count.items())
    sys.stdout.write(f"{said}\n")
    return int(count["tests"] == 0 or count["skipped"] > 0)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
