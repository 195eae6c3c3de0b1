"""Say what test reports hold; exit with 1 when a test in them did not run.

`.ci/run` runs it: `python -m tests.report REPORT.xml [REPORT.xml ...]`.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree as ET


def main(reports: Sequence[Path]) -> int:
    """Count the tests of the reports that pytest wrote; each report must be there."""
    missing = [report for report in reports if not report.exists()]
    if missing or not reports:
        sys.stdout.write("pytest wrote no report\n")
        return 1
    suites = [
        suite
        for report in reports
        for suite in ET.parse(report).getroot().iter("testsuite")  # noqa: S314  Written by our own pytest, just now.
    ]
    count = {
        name: sum(int(suite.get(name, 0)) for suite in suites)
        for name in ("tests", "failures", "errors", "skipped")
    }
    said = ", ".join(f"{number} {name}" for name, number in count.items())
    sys.stdout.write(f"{said}\n")
    return int(count["tests"] == 0 or count["skipped"] > 0)


if __name__ == "__main__":
    sys.exit(main([Path(name) for name in sys.argv[1:]]))
