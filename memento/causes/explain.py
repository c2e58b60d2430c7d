"""Why one candidate has the label that it has: its planted terms, the clip, the noise, and who set what they read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from memento.errors import UsageError
from memento.history import Commit, Repository
from memento.patterns import from_manifest, relevance
from memento.patterns.facts import Facts, Joined
from memento.render.columns import NAMES, Assembly
from memento.render.labels import Labeller
from memento.world.records import TABLES
from memento.world.world import World

_READ = {
    "observed": ("candidate.relevance",),
    "signet": (
        *("memory.deleted", "candidate.injected", "candidate.relevance", "candidate.fts_hits"),
        *("session.score", "session.confidence", "session.novel_context_count"),
    ),
}
"""What labels read that are not planted."""


@dataclass(frozen=True)
class Step:
    """One step of the way to a label: its name, what it adds, and how it comes about."""

    name: str
    value: float
    formula: str


@dataclass(frozen=True)
class Input:
    """Something that the label follows from, as ``memory:ID.created_at``: its value and the commit that set it."""

    place: str
    value: Any
    commit: Commit


@dataclass(frozen=True)
class Explanation:
    """The label of one candidate. `steps` add up to `label`; `features` are its 17 columns by name."""

    session: str
    memory: str
    labels: str
    planted: bool
    steps: tuple[Step, ...]
    label: float
    features: dict[str, float]
    inputs: tuple[Input, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        steps = [{"name": step.name, "value": step.value, "formula": step.formula} for step in self.steps]
        inputs = [{"place": i.place, "value": i.value, "commit": i.commit.id} for i in self.inputs]
        return {
            "session": self.session, "memory": self.memory, "labels": self.labels, "planted": self.planted,
            "steps": steps, "label": self.label, "features": self.features, "inputs": inputs,
        }  # fmt: skip


def explain(repository: Repository, revision: str, world: World, session: str, memory: str, labels: str) -> Explanation:
    """Explains the label of a memory offered to a session, in the world of a revision.

    The steps are the planted terms in the order in which they are summed, the clip to [0, 1], the
    noise and its clip; labels that are not planted are one step. Raises `NotFound`, and `UsageError`
    for a memory that was never offered to the session and for labels that the world does not have.
    """
    world.record("sessions", session)
    world.record("memories", memory)
    key = f"{session}/{memory}"
    if key not in world.candidates.row_of:
        hint = f"`memento show {revision} session:{session}` lists what it was offered"
        raise UsageError(f"memory {memory} was never offered to session {session}", hint)
    joined = Joined(world)
    labeller = Labeller(joined, labels)
    at = world.sessions.row_of[session]
    row = world.candidates.row_of[key] - int(joined.offsets[at])
    if not labeller.sessions[at]:
        raise UsageError(f"labels {labels} say nothing of session {session}", "choose others with --labels")
    facts = joined.facts(at, at + 1)
    made = labeller.labels(facts, at, at + 1)
    features = np.empty((len(made.values), len(NAMES)), np.float32)
    Assembly(joined).features(at, at + 1, facts, features)
    patterns = from_manifest(world.manifest.patterns)
    planted = bool(patterns) and labels in ("planted", "clean")
    label = float(made.values[row])
    if planted:
        raw = None if labels == "clean" or made.unclipped is None else float(made.unclipped[row])
        steps = list(_planted(world, facts, row, raw))
        reads = [place for pattern in patterns for place in pattern.reads]
    else:
        steps = [Step(labels, label, "as it was observed" if labels == "observed" else "Signet's piecewise rule")]
        reads = list(_READ[labels])
    inputs = tuple(_inputs(repository, revision, world, session, memory, reads, planted))
    shown = dict(zip(NAMES, features[row].tolist(), strict=True))
    return Explanation(session, memory, labels, planted, tuple(steps), label, shown, inputs)


def _planted(world: World, facts: Facts, row: int, raw: float | None) -> Iterator[Step]:
    """The way to a planted label; `raw` is that with noise before its clip, None without noise."""
    patterns = {pattern.name: pattern for pattern in from_manifest(world.manifest.patterns)}
    total = np.float64(0.0)
    for name, terms in relevance(facts, list(patterns.values())).items():
        total += terms[row]
        yield Step(name, float(terms[row]), patterns[name].formula)
    clean = float(np.clip(total, 0.0, 1.0))
    if clean != total:
        yield Step("clip", clean - float(total), "relevance lies in [0, 1]")
    if raw is not None:
        noise = world.manifest.noise
        yield Step("noise", raw - clean, f"{noise.get('distribution')} noise at {noise.get('snr_db')} dB")
        if not 0.0 <= raw <= 1.0:
            yield Step("clip", float(np.clip(raw, 0.0, 1.0)) - raw, "labels lie in [0, 1]")


def _inputs(
    repository: Repository, revision: str, world: World, session: str, memory: str, reads: list[str], planted: bool
) -> Iterator[Input]:
    """Everything that the label follows from, each with the commit that set it last."""
    keys = {"memory": memory, "session": session, "candidate": f"{session}/{memory}"}
    for kind, key in keys.items():
        fields = list(dict.fromkeys(place.partition(".")[2] for place in reads if place.startswith(f"{kind}.")))
        if kind == "candidate" and "injected" in fields and planted:
            fields.remove("injected")
            yield from _accesses(repository, revision, world, session, memory)
        table = next(name for name, schema in TABLES.items() if schema.singular == kind)
        for origin in repository.blame(revision, table, key, fields) if fields else ():
            yield Input(f"{kind}:{key}.{origin.field}", origin.value, origin.commit)
    wanted = ("patterns", "noise", "seed") if planted else ()
    for origin in repository.blame(revision, "manifest", fields=wanted) if wanted else ():
        yield Input(f"manifest.{origin.field}", origin.value, origin.commit)


def _accesses(repository: Repository, revision: str, world: World, session: str, memory: str) -> Iterator[Input]:
    """The last session before this one that was given the memory: accesses are counted by sessions."""
    candidates, sessions = world.candidates, world.sessions
    ended = sessions["ended_at"]
    now = ended[sessions.row_of[session]]
    rows = np.flatnonzero((candidates["memory"] == memory) & candidates["injected"])
    earlier = [row for row in rows.tolist() if ended[world.candidate_sessions[row]] < now]
    if earlier:
        last = max(earlier, key=lambda row: (int(ended[world.candidate_sessions[row]]), candidates.keys[row]))
        key = candidates.keys[last]
        origin = repository.blame(revision, "candidates", key, ["injected"])[0]
        yield Input(f"candidate:{key}.injected", f"the last of {len(earlier)} earlier accesses", origin.commit)
