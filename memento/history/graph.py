"""History drawn in characters, as ``git log --graph`` does: a row for each commit, rows between."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from memento.history.commit import Commit

Row = tuple[str, Commit | None]


def draw(commits: Iterable[Commit]) -> Iterator[Row]:
    """(drawing, commit or None) rows for commits that come before their parents.

    Each column is a line of history that waits for its next commit. A star is a commit, ``|\\``
    where a merge opens a line, ``|/`` where lines meet.
    """
    columns: list[str] = []
    for commit in commits:
        if commit.id not in columns:
            columns.append(commit.id)
        at = columns.index(commit.id)
        yield _row({2 * n: "*" if n == at else "|" for n in range(len(columns))}), commit
        opened = at
        for parent in commit.parents[1:]:
            if parent in columns and parent != commit.id:
                yield _link(len(columns), at, columns.index(parent)), None
            else:
                opened += 1
                yield _open(len(columns), opened), None
                columns.insert(opened, parent)
        if not commit.parents:
            columns.pop(at)
            if at < len(columns):
                yield _shift(at, len(columns)), None
            continue
        first = commit.parents[0]
        if first in columns:
            low, high = sorted((at, columns.index(first)))
            yield _meet(len(columns), low, high), None
            columns[low] = first
            columns.pop(high)
        else:
            columns[at] = first


def _row(marks: dict[int, str]) -> str:
    return "".join(marks.get(n, " ") for n in range(max(marks) + 1)).rstrip() if marks else ""


def _bars(count: int) -> dict[int, str]:
    return {2 * n: "|" for n in range(count)}


def _open(count: int, new: int) -> str:
    marks = _bars(new)
    marks.update({2 * n - 1: "\\" for n in range(new, count + 1)})
    return _row(marks)


def _link(count: int, start: int, end: int) -> str:
    marks = _bars(count)
    low, high = sorted((start, end))
    marks.update({2 * n + 1: "_" for n in range(low, high)})
    marks[2 * start + 1 if end > start else 2 * start - 1] = "\\" if end > start else "/"
    return _row(marks)


def _meet(count: int, low: int, high: int) -> str:
    marks = _bars(high)
    marks.update({2 * n + 1: "_" for n in range(low, high)})
    marks.update({2 * n - 1: "/" for n in range(high, count)})
    return _row(marks)


def _shift(at: int, count: int) -> str:
    marks = _bars(at)
    marks.update({2 * n + 1: "/" for n in range(at, count)})
    return _row(marks)
