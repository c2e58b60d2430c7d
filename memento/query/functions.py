"""The functions of the query language: what each takes, tells, and costs."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from memento.errors import UsageError
from memento.query.facts import Facts, Subject, table_name

Arguments = Sequence[str]
DAY = 86_400
VARIANT = "\n\nVariant-Operator: "
"""How the trailers begin of a commit whose world was made from its parent's by variation."""


@dataclass(frozen=True)
class Function:
    """One function.

    `kind` says what it gives: whether something holds, a number, or a time (s UTC). `takes` are the
    words for its arguments in help; the last ones, in brackets, may be left out. `cost` ranks how long
    it takes for one branch: what costs less is asked first. `of` says whether it asks about branches,
    commits, or either.
    """

    name: str
    takes: tuple[str, ...]
    summary: str
    cost: int
    kind: Literal["truth", "number", "time"] = "truth"
    of: Literal["branch", "commit", "either"] = "either"
    holds: Callable[[Facts, Arguments, Sequence[Subject]], set[Subject]] | None = None
    values: Callable[[Facts, Arguments, Sequence[Subject]], Mapping[Subject, float]] | None = None

    @property
    def signature(self) -> str:
        """How it is written."""
        return f"{self.name}({', '.join(self.takes)})"

    @property
    def repeats(self) -> bool:
        """Whether it takes as many of its last argument as there are."""
        return any("…" in word for word in self.takes)

    @property
    def least(self) -> int:
        """How many arguments it needs."""
        return sum(not word.startswith("[") for word in self.takes)


def _each(test: Callable[[Facts, Subject], bool]) -> Callable[[Facts, Arguments, Sequence[Subject]], set[Subject]]:
    """A function without arguments, asked one by one."""
    return lambda facts, _, subjects: {subject for subject in subjects if test(facts, subject)}


def _pivot(facts: Facts, arguments: Arguments) -> str:
    return facts.repository.resolve(arguments[0] if arguments else "HEAD")


def _branch(facts: Facts, arguments: Arguments) -> str:
    name = arguments[0] if arguments else facts.head
    facts.repository.require_branch(name)
    return name


def _forks(facts: Facts, arguments: Arguments, subjects: Sequence[Subject]) -> set[Subject]:
    ancestry = facts.ancestry(_pivot(facts, arguments))
    own = arguments[0] if arguments else facts.head
    return {subject for subject in subjects if subject.name != own and ancestry.entries(subject.commit)}


def _descendants(facts: Facts, arguments: Arguments, subjects: Sequence[Subject]) -> set[Subject]:
    ancestry = facts.ancestry(_pivot(facts, arguments))
    return {subject for subject in subjects if ancestry.reaches(subject.commit)}


def _ancestors(facts: Facts, arguments: Arguments, subjects: Sequence[Subject]) -> set[Subject]:
    history = facts.ancestry(_pivot(facts, arguments)).history
    return {subject for subject in subjects if subject.commit in history}


def _ahead(facts: Facts, arguments: Arguments, subjects: Sequence[Subject]) -> Mapping[Subject, float]:
    ancestry = facts.ancestry(_pivot(facts, arguments))
    return {subject: ancestry.ahead(subject.commit) for subject in subjects}


def _behind(facts: Facts, arguments: Arguments, subjects: Sequence[Subject]) -> Mapping[Subject, float]:
    ancestry = facts.ancestry(_pivot(facts, arguments))
    return {subject: ancestry.behind(subject.commit) for subject in subjects}


def _name(facts: Facts, arguments: Arguments, subjects: Sequence[Subject]) -> set[Subject]:
    return {subject for subject in subjects if any(fnmatch.fnmatchcase(subject.name, glob) for glob in arguments)}


def _tagged(facts: Facts, arguments: Arguments, subjects: Sequence[Subject]) -> set[Subject]:
    globs = arguments or ("*",)
    tags = {
        commit
        for commit, names in facts.tags.items()
        if any(fnmatch.fnmatchcase(name, glob) for name in names for glob in globs)
    }
    return {subject for subject in subjects if subject.commit in tags}


def _message(facts: Facts, arguments: Arguments, subjects: Sequence[Subject]) -> set[Subject]:
    globs = [glob.casefold() for glob in arguments]
    return {
        subject
        for subject in subjects
        if any(fnmatch.fnmatchcase(facts.commit(subject.commit).message.casefold(), glob) for glob in globs)
    }


def _author(facts: Facts, arguments: Arguments, subjects: Sequence[Subject]) -> set[Subject]:
    return {s for s in subjects if any(fnmatch.fnmatchcase(facts.commit(s.commit).author, glob) for glob in arguments)}


def _stale(facts: Facts, arguments: Arguments, subjects: Sequence[Subject]) -> set[Subject]:
    try:
        days = float(arguments[0])
    except ValueError:
        days = -1.0
    if not 0 <= days < 1e9:
        raise UsageError(f"{arguments[0]!r} is not a number of days", "`stale(30)`: a month older than the newest")
    return {s for s in subjects if facts.newest - facts.commit(s.commit).time >= days * DAY}


def _changed(facts: Facts, arguments: Arguments, subjects: Sequence[Subject]) -> set[Subject]:
    table, pivot = table_name(arguments[0]), _pivot(facts, arguments[1:])
    return {s for s in subjects if facts.changed(facts.base(s, pivot), s.commit, table)}


def _touched(facts: Facts, arguments: Arguments, subjects: Sequence[Subject]) -> set[Subject]:
    kind, colon, key = arguments[0].partition(":")
    if not colon or not key:
        raise UsageError(f"{arguments[0]!r} names no record", "write it as memory:ID")
    table, pivot = table_name(kind), _pivot(facts, arguments[1:])
    return {s for s in subjects if facts.touched(facts.base(s, pivot), s.commit, table, key)}


def _conflicts(facts: Facts, arguments: Arguments, subjects: Sequence[Subject]) -> set[Subject]:
    branch = _branch(facts, arguments)
    return {subject for subject in subjects if facts.conflicts(subject.commit, branch)}


def _metric(facts: Facts, arguments: Arguments, subjects: Sequence[Subject]) -> Mapping[Subject, float]:
    from memento.history.runs import best, metric_names

    found: dict[Subject, float] = {}
    if not facts.runs:
        return found
    best_of = {tree: value for tree, records in facts.runs.items() if (value := best(records, arguments[0]))}
    if not best_of:
        known = metric_names(record for records in facts.runs.values() for record in records)
        raise UsageError(f"no run has a metric {arguments[0]!r}", f"there are {', '.join(known)}")
    for subject in subjects:
        value = best_of.get(facts.commit(subject.commit).tree)
        if value is not None:
            found[subject] = value.value
    return found


def _count(facts: Facts, arguments: Arguments, subjects: Sequence[Subject]) -> Mapping[Subject, float]:
    what = arguments[0]
    if what == "runs":
        return {s: len(facts.runs.get(facts.commit(s.commit).tree, ())) for s in subjects}
    if what == "tags":
        return {s: len(facts.tags.get(s.commit, ())) for s in subjects}
    if what == "notes":
        return {s: s.commit in facts.noted for s in subjects}
    table = table_name(what)
    if table == "manifest":
        raise UsageError("there is one manifest in every world", "count records: count(memories) > 100")
    return {subject: facts.size(subject.commit, table) for subject in subjects}


def _source(name: str) -> Callable[[Facts, Arguments, Sequence[Subject]], set[Subject]]:
    return _each(lambda facts, subject: facts.manifest(subject.commit).source == name)


def _variant(facts: Facts, arguments: Arguments, subjects: Sequence[Subject]) -> set[Subject]:
    return {s for s in subjects if VARIANT in facts.commit(s.commit).message}


def _clock(facts: Facts, arguments: Arguments, subjects: Sequence[Subject]) -> Mapping[Subject, float]:
    return {subject: facts.manifest(subject.commit).clock for subject in subjects}


_ALL = (
    Function("all", (), "Everything.", 0, holds=lambda f, a, s: set(s)),
    Function("none", (), "Nothing.", 0, holds=lambda f, a, s: set()),
    Function("name", ("GLOB", "[GLOB…]"), "Its name fits a pattern with * and ?.", 0, of="branch", holds=_name),
    Function("current", (), "It is the current branch.", 0, of="branch", holds=_each(lambda f, s: s.name == f.head)),
    Function(
        "protected", (), "Settings keep it from being edited directly.", 0, of="branch",
        holds=_each(lambda f, s: f.repository.config.protected(s.name)),
    ),
    Function("tagged", ("[GLOB…]",), "It stands at a tag, whose name fits a pattern.", 1, holds=_tagged),
    Function("noted", (), "Its commit has a note.", 1, holds=_each(lambda f, s: s.commit in f.noted)),
    Function(
        "forks", ("[REV]",), "It has a commit in common with REV and is another branch.", 2, of="branch", holds=_forks
    ),
    Function("descendants", ("[REV]",), "It is REV or has it among its ancestors.", 2, holds=_descendants),
    Function("contains", ("[REV]",), "As descendants(), as git branch calls it.", 2, holds=_descendants),
    Function("ancestors", ("[REV]",), "It is REV or among its ancestors.", 2, holds=_ancestors),
    Function("merged", ("[REV]",), "As ancestors(): it has nothing that REV has not.", 2, holds=_ancestors),
    Function("ahead", ("[REV]",), "How many commits it has that REV has not.", 2, "number", values=_ahead),
    Function("behind", ("[REV]",), "How many commits REV has that it has not.", 2, "number", values=_behind),
    Function("message", ("GLOB", "[GLOB…]"), "Its commit's message fits a pattern.", 3, holds=_message),
    Function("author", ("GLOB", "[GLOB…]"), "Its commit's author fits a pattern.", 3, holds=_author),
    Function(
        "merges", (), "It is a commit with two parents or more.", 3, of="commit",
        holds=_each(lambda f, s: len(f.commit(s.commit).parents) > 1),
    ),
    Function("stale", ("DAYS",), "Its time is DAYS or more before that of the newest branch.", 3, holds=_stale),
    Function(
        "runs", (), "A model was judged on its world.", 3,
        holds=_each(lambda f, s: bool(f.runs) and f.commit(s.commit).tree in f.runs),
    ),
    Function("metric", ("NAME",), "The best figure that a model got on its world.", 3, "number", values=_metric),
    Function("clock", (), "The present of its world.", 4, "time", values=_clock),
    Function("simulated", (), "Its world was simulated.", 4, holds=_source("simulated")),
    Function("variant", (), "Its commit made its world from another by variation.", 3, holds=_variant),
    Function("imported", (), "Its world was imported.", 4, holds=_source("imported")),
    Function(
        "changed", ("TABLE", "[REV]"), "A table is not as where it parted from REV, or as in a commit's parent.", 5,
        holds=_changed,
    ),
    Function(
        "touched", ("RECORD", "[REV]"), "A record is not as where it parted from REV, or as in a commit's parent.", 5,
        holds=_touched,
    ),
    Function("count", ("TABLE",), "How many records, or runs, notes or tags, it has.", 6, "number", values=_count),
    Function(
        "conflicts", ("[BRANCH]",), "Merging it into BRANCH would stop at a conflict or a violation.", 9,
        holds=_conflicts,
    ),
)  # fmt: skip

FUNCTIONS = {function.name: function for function in _ALL}
"""Every function by name, in the order of the documentation."""
