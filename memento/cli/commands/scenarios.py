"""``memento scenarios``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from memento.cli.completion import scenarios
from memento.cli.context import Context, define, json_option
from memento.cli.output import Column, wrap
from memento.errors import UsageError

if TYPE_CHECKING:
    from memento.scenario import Scenario

_WIDTH = 36


@define(
    """
    memento scenarios
    memento scenarios tiny
    memento scenarios --parameters
    memento scenarios --patterns
    memento scenarios --show tiny > mine.toml
    """
)
@click.argument("name", metavar="[NAME]", required=False, shell_complete=scenarios)
@click.option("--parameters", is_flag=True, help="List every parameter that a scenario may set.")
@click.option("--patterns", is_flag=True, help="List the rules of relevance that a scenario may plant.")
@click.option("--show", is_flag=True, help="Print the TOML file of a shipped scenario, to start your own from.")
@json_option
def command(context: Context, name: str | None, parameters: bool, patterns: bool, show: bool) -> None:
    """List the scenarios that can be simulated, their parameters, and the rules of relevance.

    With NAME, or a TOML file, the parameters of that scenario: value, unit, range and meaning.
    """
    from memento import scenario as room

    output = context.output
    if patterns:
        if name is not None or parameters or show:
            raise UsageError("--patterns stands alone", "`memento scenarios --patterns`")
        _patterns(context)
    elif show:
        if name is None or parameters:
            raise UsageError("--show takes the name of a scenario", "`memento scenarios --show tiny`")
        room.load(name)
        text = (room.library() / f"{name}.toml").read_text()
        if output.json:
            output.document("memento.scenarios/1", {"name": name, "toml": text})
        output.line(text.rstrip("\n"))
    elif parameters or name is not None:
        _parameters(context, room.load(name) if name else None)
    else:
        rows = room.builtin()
        if output.json:
            output.document("memento.scenarios/1", {"scenarios": [{"name": n, "summary": s} for n, s in rows.items()]})
        output.table([Column("scenario", style="bold"), Column("summary", long=True)], list(rows.items()))
        output.hint("`memento generate tiny` simulates one, `memento scenarios tiny` shows its parameters")


def _patterns(context: Context) -> None:
    from memento.patterns import CATALOG
    from memento.scenario.schema import PLANTED

    output = context.output
    rows = []
    for name, row in CATALOG.rows.items():
        made = CATALOG[name]
        fields = ("name", "default", "doc", "unit", "low", "high", "kind", "choices")
        specs = [{field: getattr(spec, field) for field in fields} for spec in made.parameters()]
        rows.append({"name": name, "summary": row.summary, "formula": made.formula, "optimum": made.optimum,
                     "planted": name in PLANTED, "reads": list(made.reads), "parameters": specs})  # fmt: skip
    if output.json:
        output.document("memento.scenarios/1", {"patterns": rows})
        return
    for row_ in rows:
        told = "planted by default" if row_["planted"] else "planted where a scenario names it"
        output.line(f"{output.paint(row_['name'], bold=True)}: {row_['summary']} ({told})")
        output.line(f"  {row_['formula']}")
        output.line(f"  optimum: {row_['optimum']}")
        output.line("  " + ", ".join(f"{spec['name']}={spec['default']}" for spec in row_["parameters"]))
    output.hint("plant one: `[patterns.state]` in a scenario, or `memento generate tiny --set patterns.state.group=S3`")


def _parameters(context: Context, scenario: Scenario | None) -> None:
    from memento.scenario import parameters
    from memento.scenario.reference import bounds
    from memento.scenario.scenario import plain

    output = context.output
    rows = []
    for parameter in parameters().values():
        if scenario is None or parameter.key in scenario.keys():  # noqa: SIM118
            row = {"key": parameter.key, "value": plain(scenario[parameter.key] if scenario else parameter.default)}
            row |= {"default": plain(parameter.default), "unit": parameter.unit, "range": bounds(parameter)}
            rows.append(row | {"doc": parameter.doc})
    if output.json:
        head = {"name": scenario.name, "summary": scenario.summary} if scenario else {}
        output.document("memento.scenarios/1", {**head, "parameters": rows})
        return
    if scenario:
        output.message(f"{scenario.name}: {scenario.summary}")
    section = ""
    for row in rows:
        head, _, leaf = row["key"].rpartition(".")
        if head != section:
            section = head
            output.line(output.paint(f"[{section}]", bold=True))
        setting = f"{leaf} = {json.dumps(row['value'])}"
        meaning = f"{row['doc']} ({', '.join(filter(None, (row['unit'], row['range'])))})"
        lines = wrap(meaning, output.width - _WIDTH - 4, _WIDTH + 4) if output.terminal else [meaning]
        output.line(f"  {setting:{_WIDTH}}  {lines[0]}")
        output.lines(lines[1:])
    output.hint("[a, b] is drawn once a world; `memento generate NAME --set memories.count=200` changes a parameter")
