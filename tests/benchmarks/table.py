"""Prints what benchmarks found as a Markdown table: ``python tests/benchmarks/table.py FILE`` (of --benchmark-json)."""

from __future__ import annotations

import json
import sys
from pathlib import Path


def rows(path: Path) -> list[str]:
    """The lines of the table."""
    found = json.loads(path.read_text())["benchmarks"]
    lines = ["| benchmark | figures |", "| --- | --- |"]
    for one in found:
        figures = ", ".join(f"{name} {value}" for name, value in one["extra_info"].items())
        lines.append(f"| `{one['fullname'].removeprefix('tests/benchmarks/')}` | {figures} |")
    return lines


if __name__ == "__main__":
    print("\n".join(rows(Path(sys.argv[1]))))
