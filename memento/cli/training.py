"""The course of one training, or of several seeds of it: files, progress, stopping, and what came of it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from memento.cli.learning import figure_words, run_words
from memento.cli.output import Column, Output, plural
from memento.cli.present import short
from memento.cli.progress import Progress
from memento.cli.unfinished import going_on, kept_beside
from memento.cli.writing import ready
from memento.errors import UsageError
from memento.models import SHOWN

if TYPE_CHECKING:
    from memento.cli.context import Context
    from memento.render.rendering import Rendering
    from memento.train import Config, Epoch, Run
    from memento.train.team import Team
    from memento.validate import Report
    from memento.validate.intervals import Figure

Sources = Sequence[tuple["Rendering", float]]


@dataclass(frozen=True)
class Files:
    """Where the checkpoints of a training go: `path`, and with several seeds one each beside it."""

    path: Path
    seeds: tuple[int, ...]
    unfinished: tuple[Path, ...]

    @classmethod
    def ready(cls, output: Output, path: Path, first: int, count: int, force: bool, resume: bool) -> Files:
        """Files that may be written; raises as `memento.cli.writing.ready` does."""
        seeds = tuple(range(first, first + count))
        ready(path, force, "--out FILE")
        of = [ready(of_seed(path, seed), force, "--out FILE") for seed in seeds] if count > 1 else [path]
        return cls(path, seeds, tuple(kept_beside(output, file, resume, force) for file in of))

    @property
    def several(self) -> bool:
        """Whether there is more than one seed."""
        return len(self.seeds) > 1

    def of(self, seed: int) -> Path:
        """The checkpoint of a seed."""
        return of_seed(self.path, seed) if self.several else self.path

    def save(self, runs: Sequence[Run]) -> Run:
        """Writes every run, and the best one to `path`; gives the best."""
        from memento.train.checkpoint import save

        chosen = best(runs)
        for run in runs if self.several else ():
            save(run, self.of(run.config.seed))
        save(chosen, self.path)
        for file in self.unfinished:
            file.unlink(missing_ok=True)
        return chosen


@contextlib.contextmanager
def together(context: Context, seeds: int, device: str = "cpu") -> Iterator[Team | None]:
    """The processes that torchrun started, met and parted from; only one of them speaks.

    Raises `UsageError` for several seeds, which take cores by themselves.
    """
    from memento.train.team import join, leave

    team = join(device)
    try:
        if team is not None and seeds > 1:
            raise UsageError("--seeds takes cores by itself", "run it without torchrun")
        if team is not None and not team.leads:
            context.output.quiet, context.output.json = True, False
        yield team
    finally:
        leave()


def of_seed(path: Path, seed: int) -> Path:
    """The checkpoint of one of several seeds: ``model-3.safetensors`` beside ``model.safetensors``."""
    return path.with_name(f"{path.stem}-{seed}{path.suffix}")


def best(runs: Sequence[Run]) -> Run:
    """The run with the highest validation NDCG@10, the first of equals; the least loss where there is none."""

    def rank(run: Run) -> tuple[float, float]:
        ndcg, loss = run.metrics["ndcg"], run.metrics["loss"]
        return (-1.0 if ndcg is None else ndcg, 0.0 if loss is None else -loss)

    return max(runs, key=rank)


def trained(
    output: Output,
    sources: Sources,
    revisions: Sequence[str],
    model: str,
    files: Files,
    config: Config,
    options: Mapping[str, Any],
    folder: Path | None = None,
    initial: Run | None = None,
    device: str = "cpu",
    compiled: bool = False,
) -> list[Run]:
    """The runs of all seeds, with progress, and events for TensorBoard in a folder where one is named."""
    from memento.train import train_seeds
    from memento.train.events import Events

    behind = dict.fromkeys(files.seeds, 0)
    what = f"training {model}" + (f", {len(files.seeds)} seeds" if files.several else "")
    with contextlib.ExitStack() as open_:
        events = open_.enter_context(Events(folder, config.rate, files.several)) if folder is not None else None
        progress = open_.enter_context(Progress(output, what, total=config.epochs * len(files.seeds)))
        open_.enter_context(going_on(*files.unfinished))

        def show(seed: int, epoch: Epoch, total: int) -> None:
            behind[seed] = epoch.number + 1
            if events is not None:
                events.add(seed, epoch, total)
            score = "" if epoch.ndcg != epoch.ndcg else f", NDCG@10 {epoch.ndcg:.3f}"
            lead = f"seed {seed}: " if files.several else ""
            progress.update(sum(behind.values()), note=f"{lead}loss {epoch.loss:.4f}{score}")

        return train_seeds(
            sources, files.seeds, model, show, revisions, files.unfinished,
            initial=initial, device=device, compiled=compiled,
            **{name: value for name, value in options.items() if name != "seed"},
        )  # fmt: skip


def held_out(
    run: Run, renderings: Sequence[tuple[str, Rendering]], baselines: Sequence[str] = SHOWN
) -> list[tuple[str, Report]]:
    """Reports on the sessions of each revision that training did not see; a revision without any has none."""
    from memento.train.threads import one_thread
    from memento.validate import evaluate

    reports, done = [], set()
    for revision, rendering in renderings:
        if rendering.commit in done:
            continue
        done.add(rendering.commit)
        try:
            with one_thread():
                reports.append((revision, evaluate(run, rendering, baselines=baselines)))
        except UsageError:
            continue
    return reports


def run_map(run: Run) -> dict[str, Any]:
    """A training run for ``--json``."""
    return {
        "model": run.scorer.name,
        "parameters": run.scorer.size,
        "training": run.config.to_map(),
        "sources": [source.to_map() for source in run.sources],
        "history": [epoch.to_map() for epoch in run.history],
        "best": run.best,
        "metrics": run.metrics,
    }


def run_lines(output: Output, run: Run) -> None:
    """What was trained on, a source of this training and of the one it began at once, and where it ended."""
    for place, source in enumerate(run.sources):
        if source in run.sources[:place]:
            continue
        fitted = f"{plural(source.sessions, 'session')} fitted, labels {source.spec['labels']}"
        output.line(f"{source.revision}: {fitted}, weight {source.weight:g}, commit {short(source.commit)}")
    output.line(run_words(run))


def seeds_table(output: Output, files: Files, runs: Sequence[Run], chosen: Run) -> None:
    """Each seed in a line: where it ended, and which one is the best."""
    names = ("epochs", "best", "loss", "validation NDCG@10")
    columns = [Column("seed", right=True), *(Column(name, right=True) for name in names), Column("file"), Column("")]
    rows = []
    for run in runs:
        loss, ndcg = (run.metrics[name] for name in ("loss", "ndcg"))
        cells = ["-" if value is None else f"{value:.4f}" for value in (loss, ndcg)]
        mark = f"the best, and {files.path}" if run is chosen else ""
        rows.append([run.config.seed, len(run.history), run.best + 1, *cells, files.of(run.config.seed), mark])
    output.table(columns, rows)


def over_seeds_line(figures: Mapping[str, Figure], seeds: int) -> str:
    """What all seeds reach together, in words."""
    from memento.history.runs import TITLES

    words = ", ".join(f"{title} {figure_words(figures[name])}" for name, title in TITLES.items() if name in figures)
    return f"over {seeds} seeds: {words}; 95% intervals over seeds and sessions"
