"""Merges, conflicts and violations in words, and as the plain maps of ``--json``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from memento.cli.changes import stat_words
from memento.cli.output import Output, clean, plural
from memento.errors import NotFound, UsageError

if TYPE_CHECKING:
    from memento.changes.conflict import Conflict, Violation
    from memento.changes.merge import MergeResult
    from memento.history.merges import Merge
    from memento.history.remembered import Answer


def open_words(merge: Merge) -> str:
    """``2 conflicts and 1 violation``; the empty string where nothing is open."""
    result = merge.result
    if result is None:
        return ""
    counts = {"conflict": len(result.conflicts), "violation": len(result.violations)}
    return " and ".join(plural(count, word) for word, count in counts.items() if count)


def merge_map(merge: Merge) -> dict[str, Any]:
    """A merge for ``--json``."""
    result = merge.result
    content: dict[str, Any] = {
        "kind": merge.kind,
        "verb": merge.verb,
        "title": merge.title,
        "branch": merge.branch,
        "ours": merge.ours,
        "theirs": merge.theirs,
        "commit": merge.commit or None,
        "done": merge.done,
        "total": merge.total,
        "made": list(merge.made),
        "dropped": list(merge.dropped),
        "conflicts": [],
        "violations": [],
        "remembered": {},
        "settled": [],
        "accepted": [],
    }
    if result is not None:
        content["conflicts"] = [c.to_map() for c in result.conflicts]
        content["violations"] = [v.to_map() for v in result.violations]
        content["remembered"] = {name: answer.to_map() for name, answer in merge.remembered.items()}
        content["settled"] = [c.to_map() | {"resolution": r.to_map()} for c, r in result.settled]
        content["accepted"] = [v.to_map() for v in result.accepted]
        content["changes"] = {"ours": result.ours, "theirs": result.theirs}
    return content


def change_counts(merge: Merge, names: tuple[str, str]) -> Iterator[str]:
    """What each side changed since they parted, one table a line."""
    if merge.result is None:
        return
    for name, stat in zip(names, (merge.result.ours, merge.result.theirs), strict=True):
        for table, counts in stat.items():
            yield f"  {name}: {table} {stat_words(counts)}"


def decided_lines(merge: Merge) -> Iterator[str]:
    """Everything that was decided, and how."""
    from memento.changes.conflict import Conflict

    for item, resolution in merge.result.settled if merge.result else ():
        words: str = resolution.choice
        if words == "accept":
            continue
        if isinstance(item, Conflict):
            words = item.show(item.value_of(resolution)) if item.field else words
        else:
            words = next((fix.words for fix in item.fixes if list(fix.operations) == resolution.value), words)
        yield f"  decided {clean(item.place)}: {clean(words)}"
    for violation in merge.result.accepted if merge.result else ():
        yield f"  accepted {clean(violation.explanation())}"


def open_lines(
    output: Output,
    conflicts: Sequence[Conflict],
    violations: Sequence[Violation],
    names: tuple[str, str],
    full: bool = False,
    remembered: Mapping[str, Answer] = MappingProxyType({}),
) -> Iterator[str]:
    """Conflicts and violations, each with the ways to decide it, and how it was decided before."""
    for conflict in conflicts:
        yield f"{output.paint(conflict.id, fg='yellow')}  {clean(conflict.explanation(*names))}"
        if full:
            known = {"base": conflict.base} if conflict.base_known else {}
            for side, value in {**known, names[0]: conflict.ours, names[1]: conflict.theirs}.items():
                yield f"    {side}: {clean(str('absent' if value is None else value))}"
        yield output.paint(f"    {_ways(conflict)}", dim=True)
        yield from _again(conflict, remembered)
    for violation in violations:
        yield f"{output.paint(violation.id, fg='red')}  {clean(violation.explanation(*names))}"
        for number, fix in enumerate(violation.fixes, 1):
            yield f"    {number}. {clean(fix.words)}"
        yield output.paint(f"    {_ways(violation)}", dim=True)
        yield from _again(violation, remembered)


def _again(item: Conflict | Violation, remembered: Mapping[str, Answer]) -> Iterator[str]:
    known = remembered.get(item.id)
    if known:
        yield f"    {_given(known)} you answered {clean(known.words)}: memento resolve {item.id} --again"


def _given(known: Answer) -> str:
    """The title of what it was answered in, as an adverb: ``When merging trial into main``."""
    return f"when {known.given[:1].lower()}{clean(known.given[1:])}"


def _ways(item: Conflict | Violation) -> str:
    """The command line that decides an item, and what else it may say."""
    from memento.changes.conflict import Conflict

    if isinstance(item, Conflict):
        ways = ["--ours", "--theirs"] + ["--base"] * item.base_known + ["--value VALUE"] * bool(item.field)
    else:
        ways = [*(f"--fix {number}" for number in range(1, len(item.fixes) + 1)), "--accept"]
    others = f"  (or {', '.join(ways[1:])})" if ways[1:] else ""
    return f"memento resolve {item.id} {ways[0]}{others}"


def progress_words(merge: Merge) -> str:
    """``Rebasing trial onto main: 3 of 7 done, 1 conflict``."""
    steps = f"{merge.done} of {merge.total} done, " if merge.total > 1 else ""
    return f"{merge.title}: {steps}{open_words(merge) or 'everything is decided'}"


def rest_hint(merge: Merge, listed: bool = False) -> str:
    """What to do next with what is in progress; `listed` where all that is open was just shown."""
    if merge.result is None or not open_words(merge):
        return f"`memento {merge.verb} --continue` {'commits the merge' if merge.verb == 'merge' else 'goes on'}"
    items: list[Conflict | Violation] = [*merge.result.conflicts, *merge.result.violations]
    decide = f"`{_ways(items[0]).partition('  ')[0]}` decides one"
    if merge.remembered:
        decide = "`memento resolve --all --again` decides as before"
    ways = [decide] if listed else ["`memento conflicts` lists them", decide]
    if merge.verb not in ("merge", "squash"):
        ways.append(f"`memento {merge.verb} --skip` leaves this commit out")
    return ", ".join([*ways, f"`memento {merge.verb} --abort` gives up"])


def chosen(result: MergeResult, names: Sequence[str]) -> tuple[tuple[Conflict, ...], tuple[Violation, ...]]:
    """The conflicts and violations that ids, beginnings of ids, or places such as ``memory:ID.text`` name.

    What is decided already is found too, where nothing open is meant. Raises `NotFound`, and
    `UsageError` for a beginning that fits more than one.
    """
    from memento.changes.conflict import Conflict

    items: list[Conflict | Violation] = [*result.conflicts, *result.violations]
    decided = list({item.id: item for item in (*(item for item, _ in result.settled), *result.accepted)}.values())
    found: dict[str, Conflict | Violation] = {}
    for name in names:
        placed: list[Conflict | Violation] = []
        fitting: list[Conflict | Violation] = []
        for among in (items, decided):
            placed = placed or [item for item in among if item.place == name or item.place.startswith(f"{name}.")]
            fitting = fitting or placed or [item for item in among if item.id.startswith(name)]
        if not fitting:
            known = [item.id for item in (*items, *decided)]
            raise NotFound("conflict or violation", name, known, "`memento conflicts` lists them")
        if len(fitting) > 1 and not placed:
            raise UsageError(f"{name!r} begins {len(fitting)} ids", f"they are {', '.join(i.id for i in fitting[:5])}")
        found |= {item.id: item for item in fitting}
    conflicts = tuple(item for item in found.values() if isinstance(item, Conflict))
    return conflicts, tuple(item for item in found.values() if not isinstance(item, Conflict))
