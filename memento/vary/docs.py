"""The operators as a Markdown table, kept in ``docs/variants.md``: ``python -m memento.vary.docs FILE``."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from memento.vary import CATALOG

_PLACE = re.compile(r"(<!-- operators -->\n).*?(<!-- /operators -->)", re.DOTALL)


def table() -> str:
    """One row an operator: what it does, its parameters, what it promises of labels, where it comes from."""
    lines = ["| operator | what it does | parameters | promise | source |", "| --- | --- | --- | --- | --- |"]
    for name, row in CATALOG.rows.items():
        made = CATALOG[name]
        said = ", ".join(f"`{spec.name}`" for spec in made.parameters()) or "none"
        lines.append(f"| `{name}` | {row.summary} | {said} | `{made.expects}` | {made.source} |")
    return "\n".join(lines) + "\n"


def placed(text: str) -> str:
    """A page with the table in its place."""
    return _PLACE.sub(lambda match: match.group(1) + table() + match.group(2), text)


if __name__ == "__main__":
    page = Path(sys.argv[1])
    page.write_text(placed(page.read_text()))
