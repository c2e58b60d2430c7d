"""What ``memento export`` does for each kind of format: lines, a database, tables, a checkpoint."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from memento.cli.learning import trained_scorer
from memento.cli.output import plural
from memento.cli.present import short
from memento.cli.writing import ready, size_words
from memento.errors import StoreError, UsageError

if TYPE_CHECKING:
    from memento.cli.context import Context

LINES = ("chat", "preference")
TABLES = ("parquet", "hf", "npz", "safetensors", "jsonl")
FORMATS = (*LINES, "signet", "sgpt", *TABLES)
"""Choices of the option, here so that no help imports numpy; a test holds them against their rooms."""

TAKEN = {
    "experiments": ("preference",),
    "base": ("signet",),
    "labels": ("signet", *TABLES),
    "context_kind": TABLES,
    "dimension": ("signet", *TABLES),
    "license": TABLES,
}
"""The formats that each option goes with."""
_NAMES = {"context_kind": "context"}
LICENSE = "cc-by-4.0"


@dataclass(frozen=True)
class Asked:
    """What is asked for: a revision or a checkpoint, a format, a place, and options of some formats."""

    what: str
    form: str
    out: Path
    force: bool
    options: dict[str, Any] = field(default_factory=dict)

    def check(self) -> None:
        """Raises `UsageError` for an option that the format has no use for."""
        for name, value in self.options.items():
            if value and self.form not in TAKEN[name]:
                raise UsageError(
                    f"--{_NAMES.get(name, name)} has no meaning for --format {self.form}",
                    f"it goes with {', '.join(TAKEN[name])}",
                )

    def command(self, commit: str) -> str:
        """The line that writes the same again."""
        words = ["memento", "export", commit, "--format", self.form]
        for name, value in self.options.items():
            if value and name != "experiments":
                words += [f"--{_NAMES.get(name, name)}", str(value)]
        return shlex.join([*words, "-o", self.out.name])


@dataclass(frozen=True)
class Done:
    """What was written: in words, as plain values, and what there is to say of it."""

    words: str
    content: dict[str, Any]
    warnings: tuple[str, ...] = ()
    hint: str = ""


def export(context: Context, asked: Asked) -> Done:
    """Writes what is asked for. Raises `UsageError` where there is nothing to write."""
    asked.check()
    if asked.form == "sgpt":
        return _sgpt(asked)
    if asked.form == "signet":
        return _signet(context, asked)
    return _tables(context, asked) if asked.form in TABLES else _lines(context, asked)


def _lines(context: Context, asked: Asked) -> Done:
    """Conversations or pairs, one JSON object a line."""
    from memento.files import write_text
    from memento.formats import write

    workspace, form = context.workspace, asked.form
    commit = workspace.repository.resolve(asked.what)
    out = ready(asked.out, asked.force)
    experiments = bool(asked.options.get("experiments"))
    lines: Iterator[str] = workspace.experiments.pairs() if experiments else write(form, workspace.world_at(asked.what))
    written = list(lines)
    if not written:
        pairs = form == "preference"
        what = "closed experiments" if experiments else "alternatives with preferences" if pairs else "turns"
        raise UsageError(
            f"there is nothing to write: no {what}",
            "`memento ab` opens an experiment, `memento ab --help` says how to close one"
            if experiments
            else "`memento expand main --operators alternative` gives answers alternatives with a planted quality"
            if pairs
            else "export a revision with conversations",
        )
    write_text(out, "\n".join(written) + "\n")
    of = "closed experiments" if experiments else short(commit)
    words = f"{plural(len(written), 'line')} of {form} from {of} to {asked.out} ({size_words(asked.out)})"
    return Done(words, {**_content(asked, commit), "lines": len(written)})


def _signet(context: Context, asked: Asked) -> Done:
    """A SQLite database, or the daemon's own with what the world changed."""
    from memento.files import write_bytes
    from memento.formats.signet import dimension_of
    from memento.formats.writing.signet import encode

    workspace, options = context.workspace, asked.options
    commit = workspace.repository.resolve(asked.what)
    labels, base = options.get("labels"), options.get("base")
    if labels == "signet":
        raise UsageError(
            "--labels signet are what Signet makes of the database", "planted, clean or observed are what it holds"
        )
    out = ready(asked.out, asked.force)
    if base is not None and out.exists() and base.exists() and out.samefile(base):
        raise UsageError(f"{base} is the base, which is only read", "write to another file, and swap them afterwards")
    width, there = options.get("dimension"), dimension_of(base) if base is not None else None
    if width and there and width != there:
        raise UsageError(f"the embeddings of {base} have {there} numbers, not {width}", "leave out --dimension")
    relevance = None if labels == "observed" else labels
    made = encode(workspace.world_at(asked.what), width, relevance, base)
    write_bytes(out, made.data)
    if base is None:
        told = ", ".join(plural(made.counts[t], *n) for t, n in _COUNTED.items())
    else:
        told = ", ".join(f"{count:,} rows {what}" for what, count in made.counts.items())
    words = f"a Signet database from {short(commit)} to {asked.out} ({size_words(asked.out)}): {told}"
    return Done(words, {**_content(asked, commit), "rows": made.counts, "notes": list(made.notes)}, made.notes)


_COUNTED = {
    "memories": ("memory", "memories"),
    "embeddings": ("vector", "vectors"),
    "session_scores": ("session", "sessions"),
    "session_memories": ("candidate", "candidates"),
}


def _tables(context: Context, asked: Asked) -> Done:
    """A rendering as tables, with a card."""
    from memento.cli.learning import spec_of
    from memento.files import all_or_none, write_bytes, write_text
    from memento.formats.writing import tables
    from memento.formats.writing.card import card
    from memento.formats.writing.dataset import Dataset

    workspace, options, form = context.workspace, asked.options, asked.form
    commit = workspace.repository.resolve(asked.what)
    out = _folder(asked.out, asked.force) if form == "hf" else ready(asked.out, asked.force)
    page = out / "README.md" if form == "hf" else ready(out.with_name(f"{out.name}.md"), asked.force)
    labels, dimension, kind = options.get("labels"), options.get("dimension"), options.get("context_kind")
    spec = spec_of(workspace, asked.what, labels, dimension or 64, kind or "query")
    rendering = workspace.rendering_at(asked.what, spec)
    if not len(rendering):
        raise UsageError("there is nothing to write: no session with candidates", "export a revision with sessions")
    world = workspace.world_at(asked.what)
    texts = dict(zip(world.memories["id"].tolist(), world.memories["text"].tolist(), strict=True))
    dataset = Dataset(rendering, texts, asked.what)
    license = options.get("license") or (LICENSE if world.manifest.source == "simulated" else "unknown")
    text = card(dataset, world.manifest, form, license, asked.command(commit))
    if form == "hf":
        files = {out / name: data for name, data in {**tables.folder(dataset), "README.md": text.encode()}.items()}
        with all_or_none(*files):
            for place, data in files.items():
                _made(place.parent)
                write_bytes(place, data)
    else:
        with all_or_none(out, page):
            if form == "safetensors":
                rendering.save(out)
            elif form == "jsonl":
                write_text(out, "\n".join(tables.lines(dataset)) + "\n")
            else:
                write_bytes(out, tables.npz(dataset) if form == "npz" else tables.parquet(dataset))
            write_text(page, text)
    told = f"{plural(len(rendering), 'session')}, {plural(len(rendering.labels), 'candidate')}"
    content = {"card": str(page), "digest": rendering.digest, "splits": dataset.sizes}
    hint = ""
    if form == "hf":
        hint = f"`datasets.load_dataset({str(out)!r}, 'candidates')` reads it; sessions and memories are the others"
    words = f"{told} from {short(commit)} to {asked.out} ({size_words(out)}), and its card to {page}"
    return Done(words, {**_content(asked, commit), **content}, hint=hint)


def _made(folder: Path) -> None:
    """Makes a folder where it is not there yet. Raises `StoreError` where the machine refuses it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"cannot make the folder {folder}: {error.strerror}", "make room, or name another -o"
        ) from None


def _folder(path: Path, force: bool) -> Path:
    """A folder to write files into: a new one, an empty one, or with `force` one that is there."""
    if path.exists() and not path.is_dir():
        raise UsageError(f"{path} is a file, and --format hf writes a folder", "name another one with -o")
    parent = path if path.is_dir() else path.parent
    if not parent.is_dir():
        raise UsageError(f"there is no folder {parent}", f"make it first: `mkdir -p {shlex.quote(str(parent))}`")
    if not os.access(parent, os.W_OK | os.X_OK):
        raise UsageError(f"the folder {parent} cannot be written to", "name another one with -o")
    if path.is_dir() and any(path.iterdir()) and not force:
        raise UsageError(f"{path} is there already and not empty", "--force writes into it, -o names another folder")
    return path


def _sgpt(asked: Asked) -> Done:
    """The signet model of a checkpoint as Signet's sidecar loads it."""
    from memento.formats import sgpt

    out = ready(asked.out, asked.force)
    model = trained_scorer(Path(asked.what)).scorer
    sgpt.write(model, out)
    dimension = int(model.config["dimension"])
    content = {"file": str(asked.out), "format": "sgpt", "checkpoint": asked.what, "dimension": dimension}
    hint = (
        f"the sidecar loads it when it is started with --native-dim {dimension}; "
        "train on --dimension 768 for a daemon as it comes"
    )
    words = f"the {model.name} model of {asked.what} as SGPT to {asked.out} ({size_words(asked.out)})"
    return Done(words, content, hint="" if dimension == 768 else hint)


def _content(asked: Asked, commit: str) -> dict[str, Any]:
    return {"file": str(asked.out), "format": asked.form, "revision": asked.what, "commit": commit}
