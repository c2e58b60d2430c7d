"""A/B experiments: two branches that differ in one turn, votes beside them, and a verdict that keeps both.

``ab/NAME/a`` holds the turn as it was, ``ab/NAME/b`` its alternative. Votes are a note on the first commit of a,
an event a line: ``KEY a 3``. So those of two clones are added up when their notes meet, and one event counts once:
as its first line in order says. A line that is no such event counts for nothing; both are told as `ignored`.
Closing commits to both: the turn's `preference` becomes 1 on the preferred side and 0 on the counter-example.
"""

from __future__ import annotations

import math
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import count
from typing import Literal

from memento.changes import edit
from memento.changes.operations import Set
from memento.changes.snapshot import Snapshot
from memento.errors import NotFound, UsageError
from memento.formats.chat import line, messages
from memento.history import Commit, Repository
from memento.history.names import check_name
from memento.history.notes import Notes
from memento.validate.intervals import wilson
from memento.vary.alternative import EVASIONS
from memento.vary.facts import Speech
from memento.vary.paraphrase import otherwise
from memento.world import tree
from memento.world.threads import Threads

Side = Literal["a", "b"]
VERBS = ("open", "feed", "status", "close", "list")
"""What one does with experiments."""
PREFIX = "ab/"
NOTES = "experiments"
_TURN = re.compile(r"^Experiment-Turn: (\S+)$", re.MULTILINE)
_VERDICT = re.compile(r"^Experiment-Verdict: (preferred|counter-example)$", re.MULTILINE)
_KEY = re.compile(r"[A-Za-z0-9._:-]{1,64}")
_EVENT = re.compile(rf"(?P<key>{_KEY.pattern}) (?P<side>[ab]) (?P<count>[1-9][0-9]{{0,6}})")
MOST_VOTES = 9_999_999
"""The most votes of one event."""
_NOTHING = 1e-18
"""A term of a sum that no longer matters, as a share of the largest."""


@dataclass(frozen=True)
class Experiment:
    """One experiment: its turn, what both sides say, votes, and the side that was preferred once it is closed.

    `ignored` lines of its evidence are no events, or an event again with other votes.
    """

    name: str
    session: str
    turn: str
    text_a: str
    text_b: str
    votes_a: int
    votes_b: int
    verdict: str = ""
    ignored: int = 0

    @property
    def votes(self) -> int:
        """All votes."""
        return self.votes_a + self.votes_b

    @property
    def share_b(self) -> tuple[float, float, float]:
        """The share of votes for b with its 95% interval; (nan, 0, 1) without votes."""
        figure = wilson(self.votes_b, self.votes)
        return (figure.value, figure.low, figure.high) if figure.n else (math.nan, 0.0, 1.0)

    @property
    def p_value(self) -> float:
        """The exact two-sided probability of a split at least as uneven, were both liked alike."""
        n, low = self.votes, min(self.votes_a, self.votes_b)
        if n == 0 or 2 * low == n:
            return 1.0
        term = total = 1.0
        for k in range(low, 0, -1):
            term *= k / (n - k + 1)
            total += term
            if term < _NOTHING:
                break
        return min(1.0, 2.0 * total * math.exp(_log_choose(n, low) - n * math.log(2.0)))

    @property
    def always_p(self) -> float:
        """A p-value that holds however often one looks: 1 over the mixture likelihood ratio (Robbins 1970; Ville)."""
        a, b = self.votes_a, self.votes_b
        log_ratio = (a + b) * math.log(2.0) + math.lgamma(a + 1) + math.lgamma(b + 1) - math.lgamma(a + b + 2)
        return min(1.0, math.exp(-log_ratio))


class Experiments:
    """The experiments of a repository."""

    def __init__(self, repository: Repository) -> None:
        self.repository = repository

    @cached_property
    def _notes(self) -> Notes:
        return self.repository.notes(NOTES)

    def names(self) -> list[str]:
        """The names of all experiments, sorted."""
        tips = self.repository.tips(PREFIX)
        found = {name.removeprefix(PREFIX).rpartition("/")[0] for name in tips}
        return sorted(name for name in found if name and {f"{PREFIX}{name}/a", f"{PREFIX}{name}/b"} <= set(tips))

    def open(self, name: str, base: str, turn: str, text: str = "") -> Experiment:
        """Makes the two branches of a new experiment on a turn of a base; one operation.

        Without `text` the alternative says the same in other words, or evades where the grammar did not write the turn.
        Raises `UsageError` for a name that is taken, text that changes nothing, or a turn of the user's,
        `NotFound` for an unknown turn.
        """
        repository = self.repository
        check_name(PREFIX + name)
        if name in self.names():
            raise UsageError(f"an experiment {name} is there already", f"`memento ab status {name}` shows it")
        root = repository.commit_of(base)
        world = tree.read(repository.objects, root.tree)
        if turn not in world.turns.row_of:
            raise NotFound("turn", turn, world.turns.row_of, "`memento show -t turns` lists them")
        row = world.turns.row_of[turn]
        if (role := world.turns["role"][row]) in ("system", "user"):
            raise UsageError(
                f"turn {turn} is the {role}'s, and preferences are of what an assistant says",
                "`memento show -t turns` lists turns with their roles",
            )
        before = world.turns["text"][row]
        if not text:
            spoken = Speech(world).turn(row)
            text = otherwise(spoken, before, 1) if spoken else EVASIONS[0]
        if text == before:
            raise UsageError("the alternative says what the turn says", 'give another: `--text "…"`')
        delta = edit.plan(Snapshot(repository.objects, root.tree), [Set("turns", turn, {"text": text})])
        other = tree.apply(repository.objects, root.tree, delta)
        with repository.batch(f"open experiment {name}") as batch:
            # An experiment of this name that was deleted has left its votes on the commit that it began with.
            for time in count(1):
                first = batch.write(root.tree, _opening(name, "a", turn, time), [root.id])
                if not self._notes.read(first):
                    break
            batch.start(f"{PREFIX}{name}/a", first)
            batch.start(f"{PREFIX}{name}/b", batch.write(other, _opening(name, "b", turn, time), [root.id]))
        return self.read(name)

    def read(self, name: str) -> Experiment:
        """One experiment as it stands. Raises `NotFound`."""
        if name not in self.names():
            raise NotFound("experiment", name, self.names(), "`memento ab` lists them")
        texts, verdict, session, turn, first = [], "", "", "", ""
        for side in ("a", "b"):
            branch = f"{PREFIX}{name}/{side}"
            steps = list(self._steps(branch))
            turn, first = (_TURN.findall(steps[-1].message)[0], steps[-1].id) if side == "a" else (turn, first)
            try:
                record = Snapshot(self.repository.objects, steps[0].tree).record("turns", turn)
            except NotFound:
                raise UsageError(
                    f"{branch} has no turn {turn}, so its experiment cannot be told",
                    "`memento undo` takes an edit back",
                ) from None
            texts.append(str(record["text"]))
            session = str(record["session"])
            said = next((found[1] for step in steps if (found := _VERDICT.search(step.message))), "")
            if said == "preferred":
                verdict = side
        events, ignored = _events(self._notes.read(first))
        votes = {side: sum(int(e["count"]) for e in events.values() if e["side"] == side) for side in ("a", "b")}
        return Experiment(name, session, turn, texts[0], texts[1], votes["a"], votes["b"], verdict, ignored)

    def feed(self, name: str, side: Side, votes: int = 1, key: str = "") -> Experiment:
        """Adds the votes of one event for a side; one operation.

        `key` is the event's own id: an event that is fed again, here or in another clone, counts once. Without one it
        gets an id that no other event has. Raises `UsageError` for a closed experiment, a count that is none, a key
        that is not a word, and an event that was fed with other votes.
        """
        if not 1 <= votes <= MOST_VOTES:
            raise UsageError(f"{votes} is no number of votes", f"votes count from 1 to {MOST_VOTES:,}")
        if key and not _KEY.fullmatch(key):
            raise UsageError(f"{key!r} is not the id of an event", "use up to 64 letters, digits, and . _ : -")
        with self.repository.exclusive():
            now = self.read(name)
            if now.verdict:
                raise UsageError(f"experiment {name} is closed: {now.verdict} was preferred", "open another one")
            event, first = f"{key or secrets.token_hex(8)} {side} {votes}", self._first(name)
            known = {held: found.group() for held, found in _events(self._notes.read(first))[0].items()}
            if known.get(key, event) != event:
                raise UsageError(
                    f"event {key} was fed as {known[key].partition(' ')[2]!r}", "each event has its own key"
                )
            self._notes.add_line(first, event, f"{votes} votes for {side} of {name}")
        return self.read(name)

    def close(self, name: str, prefer: str = "") -> Experiment:
        """Marks the preferred side and the counter-example; both are kept. One operation.

        Raises `UsageError` for a closed experiment, and where votes are even and nothing says which side.
        """
        now = self.read(name)
        if now.verdict:
            raise UsageError(f"experiment {name} is closed already: {now.verdict} was preferred")
        if not prefer and now.votes_a == now.votes_b:
            raise UsageError(
                f"{now.votes_a} votes each do not decide experiment {name}",
                f"`memento ab feed {name} --prefer a`, or `memento ab close {name} --prefer a`",
            )
        best = prefer or ("a" if now.votes_a > now.votes_b else "b")
        objects = self.repository.objects
        with self.repository.batch(f"close experiment {name}") as batch:
            for side in ("a", "b"):
                branch = f"{PREFIX}{name}/{side}"
                tip = self.repository.commit_of(f"refs/heads/{branch}")
                wanted = 1.0 if side == best else 0.0
                delta = edit.plan(Snapshot(objects, tip.tree), [Set("turns", now.turn, {"preference": wanted})])
                said = "preferred" if side == best else "counter-example"
                message = f"experiment {name}: {said}\n\nExperiment-Turn: {now.turn}\nExperiment-Verdict: {said}"
                batch.commit(branch, tree.apply(objects, tip.tree, delta), message)
        return self.read(name)

    def pairs(self) -> Iterator[str]:
        """The closed experiments as lines of preference pairs, by name: prompt, chosen, rejected, votes."""
        for name in self.names():
            now = self.read(name)
            if not now.verdict:
                continue
            tip = self.repository.commit_of(f"refs/heads/{PREFIX}{name}/a")
            turns = Snapshot(self.repository.objects, tip.tree).of_sessions("turns", [now.session])
            threads = Threads(turns)
            best, other = (now.text_a, now.text_b) if now.verdict == "a" else (now.text_b, now.text_a)
            *prompt, said = messages(threads, threads.way(now.turn))
            ahead = (now.votes_a - now.votes_b) * (1 if now.verdict == "a" else -1)
            yield line({
                "prompt": prompt,
                "chosen": [{**said, "content": best}], "rejected": [{**said, "content": other}],
                "margin": round(ahead / max(1, now.votes), 6), "turns": [now.turn], "session": now.session,
                "experiment": name, "votes": {"a": now.votes_a, "b": now.votes_b},
            })  # fmt: skip

    def _first(self, name: str) -> str:
        """The first commit of side a, which votes are noted on."""
        return list(self._steps(f"{PREFIX}{name}/a"))[-1].id

    def _steps(self, branch: str) -> Iterator[Commit]:
        """The commits of a side, from its tip back to the one that it began with."""
        commit = self.repository.commit_of(f"refs/heads/{branch}")
        while True:
            yield commit
            if _TURN.search(commit.message) and not _VERDICT.search(commit.message):
                return
            if not commit.parents:
                raise UsageError(
                    f"branch {branch} does not begin an experiment",
                    f"`memento branch -m {branch} NAME` renames it",
                )
            commit = self.repository.commit_of(commit.parents[0])


def _events(note: str) -> tuple[dict[str, re.Match[str]], int]:
    """The events of a note by key, each once, and how many lines are no such event or an event with other votes."""
    events: dict[str, re.Match[str]] = {}
    ignored = 0
    for text in sorted(filter(None, note.splitlines())):
        event = _EVENT.fullmatch(text)
        if event is None or events.setdefault(event["key"], event).group() != text:
            ignored += 1
    return events, ignored


def _opening(name: str, side: Side, turn: str, time: int) -> str:
    """The message of the commit that a side begins with, for the `time`-th experiment of its name."""
    again = f"\nExperiment-Time: {time}" if time > 1 else ""
    return f"experiment {name}: side {side}\n\nExperiment-Turn: {turn}{again}"


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
