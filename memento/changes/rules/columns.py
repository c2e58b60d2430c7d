"""Records that both sides hold: each field by its own rule, over whole columns.

What the laws settle (one side unchanged, or both alike) is settled by masks; only elements that
both sides changed apart reach a rule. Without a base (add/add) everything that differs does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt

from memento.changes.conflict import Conflict, Kind, Resolution
from memento.changes.rules import CATALOG
from memento.changes.rules.algebra import ABSENT, APART, UNKNOWN, Mark, Rule
from memento.errors import UsageError
from memento.world.records import Field, Schema
from memento.world.table import Table, same_elements
from memento.world.values import to_column, to_plain

Settle = Callable[[Conflict], Resolution | None]
"""Takes note of a conflict; returns its resolution, if it has one."""


def merge(
    schema: Schema,
    base: Table | None,
    ours: Table,
    theirs: Table,
    settle: Settle,
    unknown: Mapping[str, npt.NDArray[np.bool_]] | None = None,
) -> Table:
    """The merged rows; `base`, `ours` and `theirs` hold the same records in the same order.

    `unknown` has a mask of shape (N,) for each field on which the base says nothing. An element in
    conflict that has no resolution keeps our value.
    """
    merged = {}
    for field in schema.fields:
        o, t = ours[field.name], theirs[field.name]
        same = same_elements(o, t)
        if field.name in schema.key or same.all():
            merged[field.name] = o
            continue
        blind = (unknown or {}).get(field.name, np.zeros(len(ours), bool))
        if base is None:
            hard, column = ~same, o.copy()
        else:
            b = base[field.name]
            by_us, by_them = ~same_elements(o, b), ~same_elements(t, b)
            hard = ~same & ((by_us & by_them) | blind)
            column = np.where(by_them & ~by_us & ~blind, t, o)
        for row in np.flatnonzero(hard).tolist():
            absent = UNKNOWN if blind[row] else ABSENT
            before = absent if base is None or blind[row] else to_plain(field, base[field.name][row])
            sides = (before, to_plain(field, o[row]), to_plain(field, t[row]))
            column[row] = _element(schema, field, ours.keys[row], sides, (o[row], t[row]), settle)
        merged[field.name] = column
    return Table(schema, merged)


def _element(
    schema: Schema,
    field: Field,
    key: str,
    sides: tuple[object, object, object],
    elements: tuple[object, object],
    settle: Settle,
) -> object:
    base, ours, theirs = sides
    rule: Rule = CATALOG[field.merge]
    value = rule(base, ours, theirs)
    if value is not APART:
        try:
            return to_column(field, value, key)
        except UsageError:
            pass
    known = not isinstance(base, Mark)
    kind: Kind = "add/add" if base is ABSENT else "field"
    conflict = Conflict(schema.name, key, field.name, kind, base if known else None, ours, theirs, known)
    resolution = settle(conflict)
    if resolution is None or resolution.choice == "ours":
        return elements[0]
    if resolution.choice == "theirs":
        return elements[1]
    return to_column(field, conflict.value_of(resolution), conflict.place)
