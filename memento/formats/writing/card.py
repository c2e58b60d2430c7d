"""The card of a data set: what it is, where it comes from, its columns, in the form that Hugging Face reads."""

from __future__ import annotations

import json
import re
from typing import Any

from memento import __version__
from memento.formats.writing.dataset import PARTS, Dataset
from memento.render.columns import COLUMNS
from memento.world.values import format_time
from memento.world.world import Manifest

_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]*")


def card(dataset: Dataset, manifest: Manifest, form: str, license: str, command: str) -> str:
    """The text of a README.md; `license` is an identifier such as cc-by-4.0, `command` writes the data again."""
    rendering = dataset.rendering
    name = str(manifest.scenario.get("name") or manifest.scenario.get("format") or "world")
    made = {"simulated": "synthetic", "imported": "imported"}.get(manifest.source, "written")
    sizes = dataset.sizes
    lines = [
        "---",
        f"pretty_name: {_scalar(f'memento {name} {rendering.commit[:12]}')}",
        f"license: {_scalar(license)}",
        *_list("tags", [made, "memento", "agent-memory", "learning-to-rank"]),
        *_list("task_categories", ["tabular-regression"]),
        *_list("size_categories", [_size(len(rendering.labels))]),
        *(_configs(dataset) if form == "hf" else []),
        "---",
        "",
        f"# {name}",
        "",
        f"{len(rendering):,} sessions of an agent with {len(rendering.labels):,} candidates out of "
        f"{len(rendering.memory_ids):,} memories; labels are {rendering.spec.labels}. {_origin(manifest)}",
        "",
        "| | |",
        "| --- | --- |",
        f"| commit | `{rendering.commit}` |",
        f"| tree | `{rendering.tree}` |",
        f"| digest | `{rendering.digest}` |",
        f"| memento | {__version__} |",
        f"| rendered | {_words(rendering.spec.to_map())} |",
        f"| noise | {_words(rendering.noise) or 'none'} |",
        f"| sessions | {_span(dataset)} |",
        f"| made by | `{command}` |",
        "",
        "## Splits",
        "",
        "By time: no session of an earlier split is later than one of a later split. Memories are shared.",
        "",
        "| split | sessions | candidates |",
        "| --- | --- | --- |",
        *(f"| {part} | {sizes[part][0]:,} | {sizes[part][1]:,} |" for part in PARTS),
        "",
        "## Columns",
        "",
        "| column | what it is | unit |",
        "| --- | --- | --- |",
        *(f"| `{column.name}` | {_cell(column.formula)} | {column.unit} |" for column in COLUMNS),
        "| `label` | training target | |",
        *(["| `clean` | planted relevance without noise | 0 to 1 |"] if rendering.clean is not None else []),
        "",
        *_parameters(manifest),
    ]
    return "\n".join(lines)


def _configs(dataset: Dataset) -> list[str]:
    lines = ["configs:"]
    parts = [part for part in PARTS if dataset.sizes[part][0]]
    for name, place in (("candidates", "data"), ("sessions", "sessions")):
        lines.append(f"- config_name: {name}")
        if name == "candidates":
            lines.append("  default: true")
        lines.append("  data_files:")
        for part in parts:
            lines += [f"  - split: {part}", f"    path: {place}/{part}-*.parquet"]
    lines += ["- config_name: memories", "  data_files:", "  - split: train", "    path: memories/train-*.parquet"]
    return lines


def _origin(manifest: Manifest) -> str:
    if manifest.source == "simulated":
        return f"Simulated by {manifest.simulator or 'memento'} with seed {manifest.seed}; nobody real is in it."
    if manifest.source == "imported":
        return "Imported from records of a real agent: see what they may hold before passing them on."
    return "Written by hand or put together from other worlds."


def _parameters(manifest: Manifest) -> list[str]:
    """Patterns and scenario as they were resolved."""
    parts: list[str] = []
    for title, value in (("Planted patterns", manifest.patterns), ("Parameters", manifest.scenario)):
        if value:
            parts += [f"## {title}", "", "```json", json.dumps(value, indent=1, sort_keys=True, default=str), "```", ""]
    return parts


def _span(dataset: Dataset) -> str:
    times = dataset.rendering.session_times
    return f"{format_time(int(times[0]))} to {format_time(int(times[-1]))}" if len(times) else "none"


def _size(rows: int) -> str:
    return next((words for bound, words in _SIZES if rows < bound), "n>1M")


def _words(values: Any) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items())


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _list(name: str, values: list[str]) -> list[str]:
    return [f"{name}:", *(f"- {_scalar(value)}" for value in values)]


def _scalar(text: str) -> str:
    """A text as YAML has it: bare where that cannot be mistaken, else quoted as in JSON."""
    return text if _PLAIN.fullmatch(text) and not text[0].isdigit() and text == text.strip() else json.dumps(text)
