"""The manifest: nested maps merged name by name, the clock by the later of both sides."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from memento.changes.conflict import MANIFEST, Conflict
from memento.changes.rules import later, scalar
from memento.changes.rules.algebra import ABSENT, APART, UNKNOWN, Mark
from memento.changes.rules.columns import Settle

_RULES = {"clock": later.merge, "format": later.merge}


def merge(
    base: Mapping[str, Any] | None,
    ours: Mapping[str, Any],
    theirs: Mapping[str, Any],
    settle: Settle,
    unknown: Collection[str] = (),
) -> dict[str, Any]:
    """The merged manifest, as plain maps; `unknown` are dotted paths on which the base says nothing.

    A name that one side removed and the other changed is a conflict of that name. What is in
    conflict and has no resolution is as on our side.
    """
    return _maps(ABSENT if base is None else base, ours, theirs, settle, unknown, "")


def _maps(base: Any, ours: Any, theirs: Any, settle: Settle, unknown: Collection[str], prefix: str) -> dict[str, Any]:
    merged = {}
    for name in sorted(ours.keys() | theirs.keys()):
        path = f"{prefix}.{name}" if prefix else name
        before = base if isinstance(base, Mark) else base.get(name, ABSENT)
        if path in unknown:
            before = UNKNOWN
        value = _value(before, ours.get(name, ABSENT), theirs.get(name, ABSENT), settle, unknown, path)
        if value is not ABSENT:
            merged[name] = value
    return merged


def _value(before: Any, ours: Any, theirs: Any, settle: Settle, unknown: Collection[str], path: str) -> Any:
    if isinstance(ours, Mapping) and isinstance(theirs, Mapping):
        below = before if isinstance(before, Mapping) or before is UNKNOWN else ABSENT
        return _maps(below, ours, theirs, settle, unknown, path)
    if before is ABSENT and ABSENT in (ours, theirs):
        return theirs if ours is ABSENT else ours
    value = _RULES.get(path, scalar.merge)(_wrap(before), _wrap(ours), _wrap(theirs))
    if value is not APART:
        return _unwrap(value)
    known = not isinstance(before, Mark)
    plain = [None if isinstance(v, Mark) else v for v in (before, ours, theirs)]
    conflict = Conflict(MANIFEST, "", path, "manifest", plain[0], plain[1], plain[2], known)
    resolution = settle(conflict)
    if resolution is None or resolution.choice == "ours":
        return ours
    if resolution.choice == "theirs":
        return theirs
    chosen = conflict.value_of(resolution)
    return ABSENT if chosen is None else chosen


def _wrap(value: Any) -> Any:
    """A removed name as a value of its own, so that rules take it for one."""
    return _GONE if value is ABSENT else value


def _unwrap(value: Any) -> Any:
    return ABSENT if value is _GONE else value


_GONE = object()
