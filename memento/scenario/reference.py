"""The page that documents every parameter, made from the schema."""

from __future__ import annotations

from memento.scenario.loading import builtin
from memento.scenario.scenario import plain
from memento.scenario.schema import (
    FORMAT,
    MAX_CANDIDATES,
    MAX_SESSIONS,
    PLANTED,
    SECTIONS,
    Parameter,
    Range,
    parameters,
)


def reference() -> str:
    """The reference of the scenario format as Markdown, kept in ``docs/scenarios.md``."""
    lines = [
        "# Scenarios",
        "",
        "A scenario is a TOML file that declares a world to make. `memento generate tiny` simulates a shipped one,",
        "`memento generate ./mine.toml` a file of yours, and `--set memories.count=200` overrides one parameter.",
        "Everything left out has its default. Where a default is a range, as in `[50, 500]`, the value is drawn once",
        "for each world under its seed; most numbers may be given as such a range.",
        "",
        "```toml",
        f"format = {FORMAT}",
        'summary = "one line about it"',
        "",
        "[memories]",
        "count = [50, 500]",
        "```",
        "",
        f"At most {MAX_SESSIONS:,} sessions and {MAX_CANDIDATES:,} candidates are simulated in one world.",
        "",
        "## Shipped scenarios",
        "",
        "| name | what it is |",
        "|---|---|",
        *(f"| `{name}` | {summary} |" for name, summary in builtin().items()),
        "",
        "## Parameters",
        "",
    ]
    for section, cls in SECTIONS.items():
        lines += [f"### [{section}]", "", str(cls.__doc__), ""]
        lines += _table([p for p in parameters().values() if p.key.startswith(f"{section}.")], section)
    lines += [
        "### [patterns.NAME]",
        "",
        "The planted rules of relevance; a label is the sum of their terms, clipped to [0, 1], plus noise.",
        f"Planted unless their weight is set to 0: {', '.join(PLANTED)}.",
        "Others are planted where a scenario names them.",
        "",
    ]
    return "\n".join([*lines, *_table([p for p in parameters().values() if p.key.startswith("patterns.")], "patterns")])


def _table(rows: list[Parameter], section: str) -> list[str]:
    lines = ["| parameter | default | range | unit | meaning |", "|---|---|---|---|---|"]
    lines += [
        f"| `{row.key[len(section) + 1 :]}` | `{written(row)}` | {bounds(row)} | {row.unit} | {row.doc} |"
        for row in rows
    ]
    return [*lines, ""]


def written(parameter: Parameter) -> str:
    """The default as TOML writes it."""
    return _toml(plain(parameter.default))


def bounds(parameter: Parameter) -> str:
    """What values are allowed, in words."""
    if parameter.kind == "date":
        return "a day"
    if parameter.kind == "texts":
        return "1 to 64 names"
    if parameter.choices:
        return ", ".join(parameter.choices)
    words = f"{parameter.low:,g} to {parameter.high:,g}"
    if parameter.kind == "floats":
        return f"{parameter.size or '1 to 64'} numbers, {words}"
    return words


def _toml(value: object) -> str:
    if isinstance(value, Range | list):
        return f"[{', '.join(_toml(item) for item in value)}]"
    return f'"{value}"' if isinstance(value, str) else str(value)
