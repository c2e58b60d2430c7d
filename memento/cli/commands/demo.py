"""``memento demo``."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from memento.cli.arguments import overrides, seed_option
from memento.cli.changes import diff_lines
from memento.cli.completion import scenarios
from memento.cli.context import Context, define, json_option
from memento.cli.learning import episodes_option, run_words, scores_note, scores_table
from memento.cli.merging import open_lines
from memento.cli.output import Column, Output, plural
from memento.cli.progress import Progress
from memento.demo.folder import REPORT
from memento.demo.narrator import Narrator

if TYPE_CHECKING:
    from memento.changes.diff import Diff
    from memento.demo.outcome import NoisePoint, Outcome, Step
    from memento.history.merges import Merge
    from memento.render.rendering import Rendering
    from memento.train import Run
    from memento.train.checkpoint import Check
    from memento.validate import Report
    from memento.validate.canary import Canaries
    from memento.workspace import Workspace

DEFAULT = "memento-demo"
_SHOWN = 20


@define(
    """
    memento demo
    memento demo /tmp/try --seed 3
    memento demo small --scenario tiny --epochs 5
    """
)
@click.argument("directory", metavar="[DIR]", default=DEFAULT, type=click.Path(path_type=Path))
@click.option(
    "--scenario",
    metavar="NAME",
    default="night-owl",
    show_default=True,
    shell_complete=scenarios,
    help="What to simulate.",
)
@seed_option("Seed of the simulation.", default=7)
@click.option(
    "--set",
    "settings",
    metavar="KEY=VALUE",
    multiple=True,
    help="Change a parameter of the scenario; may be given again.",
)
@click.option(
    "-e",
    "--epochs",
    metavar="N",
    type=click.IntRange(1, 10_000),
    help="Passes of training at most; the model's own number if left out.",
)
@episodes_option
@click.option("-f", "--force", is_flag=True, help="Run it anew where a former demo lies.")
@json_option
def command(
    context: Context,
    directory: Path,
    scenario: str,
    seed: int,
    settings: tuple[str, ...],
    epochs: int | None,
    episodes: int,
    force: bool,
) -> None:
    """Show everything on one small world, in DIR.

    Simulates a world, forks it twice, edits both forks, merges them through a conflict, renders, trains
    and judges a scorer, and writes a report with pictures. Every step names the command lines that do the
    same by hand. DIR is memento-demo if left out.
    """
    from memento.demo.story import Settings, tell

    output = context.output
    folder = context.directory / directory if context.directory else directory
    changed = overrides(settings, f"`memento scenarios {scenario}` lists the parameters")
    with _Printed(output) as narrator:
        outcome = tell(folder, Settings(scenario, seed, epochs, episodes, changed), narrator, force)
    if output.json:
        output.document("memento.demo/1", outcome.to_map())
        return
    _close(output, folder, outcome)


class _Printed(Narrator):
    """Tells the demonstration on the command line, each step with the command lines that it stands for."""

    def __init__(self, output: Output) -> None:
        self.output = output
        self.number = 0
        self._progress: Progress | None = None
        self._what = ""

    def __enter__(self) -> _Printed:
        return self

    def __exit__(self, *_: object) -> None:
        self._rest()

    def step(self, step: Step) -> None:
        self._rest()
        self.number += 1
        self.output.line(
            ("\n" if self.number > 1 else "") + self.output.paint(f"{self.number}. {step.title}", bold=True)
        )
        for line in step.commands:
            self.output.line(self.output.paint(f"   $ {line}", fg="cyan"))

    def say(self, text: str) -> None:
        self._rest()
        self.output.line(f"   {text}")

    def working(self, done: int, total: int, what: str) -> None:
        kind = what.partition(",")[0] if what.startswith(("training", "asking")) else "simulating"
        if self._progress is None or kind != self._what:
            self._rest()
            self._what, self._progress = kind, Progress(self.output, kind, total or None)
            self._progress.__enter__()
        self._progress.update(done or self._progress.done + 1, total or None, what.partition(", ")[2])

    def diff(self, diff: Diff) -> None:
        self._indented(diff_lines(self.output, diff, _SHOWN))

    def stopped(self, workspace: Workspace, merge: Merge) -> None:
        names = merge.sides
        assert merge.result is not None
        self.say(f"merging {names[1]} into {names[0]} stopped at one conflict; all else was merged")
        self._indented(open_lines(self.output, merge.result.conflicts, merge.result.violations, names))

    def rendering(self, rendering: Rendering) -> None:
        sizes = f"features {rendering.features.shape[0]:,} × {rendering.features.shape[1]}"
        self.say(f"{sizes}, of {plural(len(rendering), 'session')}, labels {rendering.spec.labels}")
        self.say(f"digest {rendering.digest}")

    def trained(self, run: Run) -> None:
        self.say(run_words(run))

    def judged(self, report: Report) -> None:
        self._rest()
        scores_table(self.output, report, indent="   ")
        self.say(scores_note(report))

    def canaries(self, canaries: Canaries) -> None:
        from memento.cli.commands.evaluate import canary_tables

        self._rest()
        self.output.line()
        canary_tables(self.output, canaries, indent="   ", verdicts_only=True)

    def noise(self, points: Sequence[NoisePoint]) -> None:
        self._rest()
        levels = list(dict.fromkeys((p.own, p.level) for p in points))
        heads = [("no noise" if level is None else f"{level:g} dB") + " (its own)" * own for own, level in levels]
        rates: dict[str, dict[tuple[bool, float | None], str]] = {}
        for point in points:
            rates.setdefault(point.canary, {})[point.own, point.level] = f"{point.rate:.3f}"
        self.output.line()
        columns = [Column("   trained on labels at"), *(Column(head, right=True) for head in heads)]
        self.output.table(columns, ([f"   {name}", *(row.get(at, "") for at in levels)] for name, row in rates.items()))

    def verified(self, checks: Sequence[Check]) -> None:
        for check in checks:
            same = "gives the recorded digest again, bit for bit" if check else "gives ANOTHER digest than recorded"
            self.say(f"{check.source.revision} at {check.source.commit[:8]} {same}")

    def _indented(self, lines: Iterable[str]) -> None:
        self._rest()
        for line in lines:
            self.output.line(f"   {line}")

    def _rest(self) -> None:
        if self._progress is not None:
            self._progress.__exit__(None, None, None)
            self._progress, self._what = None, ""


def _close(output: Output, folder: Path, outcome: Outcome) -> None:
    """Where everything lies, and what to try next, as command lines that work from here."""
    output.line()
    output.line(output.paint("Where it lies", bold=True))
    width = max(len(str(folder / name)) for name in outcome.files)
    for name, meaning in {**outcome.files, REPORT: "the report; open it in a browser"}.items():
        output.line(f"   {folder / name!s:{width}}  {meaning}")
    output.line()
    output.line(output.paint("What to try next", bold=True))
    output.line(output.paint(f"   $ cd {shlex.quote(str(folder))}", fg="cyan"))
    for words, line in outcome.next:
        output.line(f"   {output.paint('# ' + words, dim=True)}")
        output.line(output.paint(f"   $ {line}", fg="cyan"))
