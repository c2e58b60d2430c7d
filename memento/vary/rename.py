"""Call everything by another name, so that the way back is exact."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
import numpy.typing as npt

from memento import rng
from memento.errors import InvalidFile, UsageError
from memento.language.lexicon import domain
from memento.vary.facts import domain_of
from memento.vary.operator import Expectation, Operator, Value, parameter
from memento.world.table import Table
from memento.world.tree import Delta
from memento.world.world import World

_LONGEST = 60_000


@dataclass(frozen=True)
class Rename(Operator):
    """Entities get other names of their kind, one to one, wherever they are named: in records, facts and turns.

    No new name occurs in the world before, and a capital at the start of a sentence stays one, so that the
    inverse bijection gives the world back to the byte. The inverse is stored in the variant's commit, under
    ``Variant-Inverse``; ``rename:names={...}`` takes a bijection as JSON.
    """

    name: ClassVar[str] = "rename"
    formula: ClassVar[str] = "name n -> pi(n) everywhere, pi one to one"
    source: ClassVar[str] = "entity renaming through a bijection (Memento fractals)"
    expects: ClassVar[Expectation] = "labels"
    neutral: ClassVar[Mapping[str, Value]] = {"share": 0.0}

    share: float = parameter(1.0, "probability that an entity is renamed")
    names: str = parameter("", "a JSON object of old and new names, instead of drawn ones", kind="text")

    def __post_init__(self) -> None:
        if self.names:
            Rename(self.share)
            if len(self.names) > _LONGEST:
                raise InvalidFile("operator rename", [f"names is over {_LONGEST:,} characters"])
            table = _read(self.names)
            object.__setattr__(self, "share", float(self.share) + 0.0)
            if len(set(table.values())) != len(table):
                raise InvalidFile("operator rename", ["names gives two entities one name, so there is no way back"])
        else:
            super().__post_init__()

    @classmethod
    def of(cls, table: Mapping[str, str]) -> Self:
        """The operator of a bijection."""
        return cls(names=json.dumps(dict(sorted(table.items())), ensure_ascii=False, separators=(",", ":")))

    def table(self, world: World, key: int) -> dict[str, str]:
        """The bijection for a world: the one given, or one drawn by the ids of entities."""
        if self.names:
            return _read(self.names)
        entities, words = world.entities, domain(domain_of(world))
        text = _everything(world)
        keys = rng.keys(key, entities["id"].tolist())
        chosen = rng.bernoulli(keys, self.share)
        found: dict[str, str] = {}
        taken = set(entities["name"].tolist())
        for row, state in enumerate(rng.bits(keys, 1).tolist()):
            old, kind = entities["name"][row], entities["kind"][row]
            if not chosen[row] or not old or old in found:
                continue
            pool = words.names_by_kind.get(kind) or words.names(words.kinds[state % len(words.kinds)])
            for attempt in range(64):
                new = pool[(state + attempt * 0x9E3779B97F4A7C15) % len(pool)]
                if new not in taken and new[:1].isupper() == old[:1].isupper() and not _occurs(new, text):
                    found[old] = new
                    taken.add(new)
                    break
        return found

    def apply(self, world: World, key: int) -> Delta:
        """Two draws for each entity. Raises `UsageError` for a new name that occurs in the world already."""
        table = self.table(world, key)
        text = _everything(world)
        clash = sorted(new for new in table.values() if new not in table and _occurs(new, text))
        if clash:
            raise UsageError(f"{clash[0]!r} occurs in this world already, so there would be no way back")
        named = Named(table)
        upserts: dict[str, Table] = {}
        for name, fields in (("entities", ("name",)), ("memories", ("text", "value")), ("turns", ("text",))):
            rows = world.tables[name]
            columns = {field: named.column(rows[field]) for field in fields}
            moved = np.zeros(len(rows), bool)
            for field, column in columns.items():
                moved |= column != rows[field]
            at = np.flatnonzero(moved)
            if len(at):
                upserts[name] = rows.take(at).replace(**{field: column[at] for field, column in columns.items()})
        return Delta(upserts)

    def inverse(self, world: World, key: int) -> Rename:
        """The operator that takes this one back, on what it makes of a world."""
        return Rename.of({new: old for old, new in self.table(world, key).items()})


class Named:
    """Texts in which some names are exchanged: whole words, the longest first, all at once, first letters kept."""

    def __init__(self, table: Mapping[str, str]) -> None:
        self._new: dict[str, str] = {}
        for old, new in table.items():
            self._new[old] = new
            self._new.setdefault(_raised(old), _raised(new))
        names = sorted(self._new, key=lambda name: (-len(name), name))
        joined = "|".join(map(re.escape, names))
        self._pattern = re.compile(rf"(?<!\w)(?:{joined})(?!\w)") if names else None

    def text(self, value: str) -> str:
        """One text with the new names."""
        if self._pattern is None:
            return value
        return self._pattern.sub(lambda match: self._new[match.group()], value)

    def column(self, values: npt.NDArray[np.object_]) -> npt.NDArray[np.object_]:
        """A column with the new names."""
        result = np.empty(len(values), object)
        result[:] = [self.text(value) for value in values.tolist()]
        return result


def _raised(name: str) -> str:
    return name[:1].upper() + name[1:]


def _everything(world: World) -> str:
    columns = (world.memories["text"], world.memories["value"], world.turns["text"], world.entities["name"])
    return "\n".join(value for column in columns for value in column.tolist())


def _occurs(name: str, text: str) -> bool:
    return name in text or _raised(name) in text


def _read(text: str) -> dict[str, str]:
    try:
        table = json.loads(text)
    except (ValueError, RecursionError):
        table = None
    if not isinstance(table, dict) or not all(
        isinstance(value, str) and value.strip() and name.strip() for name, value in table.items()
    ):
        raise InvalidFile("operator rename", ['names is not a JSON object of texts, such as {"Ada":"Grace"}'])
    return table
