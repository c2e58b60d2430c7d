"""Whether a variant still means what it must: CheckList's tests on every node of an expansion.

An invariance test (INV) holds where the clean label of every candidate that both worlds have stays
equal, a directional test (DIR) where none rises. Besides, a variant may break no invariant of worlds
that its parent keeps, and a changed text keeps the names, values, numbers and negations that its records
speak of (Ribeiro, Wu, Guestrin and Singh, "Beyond Accuracy", ACL 2020).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import cached_property, lru_cache

import numpy as np
import numpy.typing as npt

from memento.patterns import clean, from_manifest
from memento.patterns.facts import of
from memento.vary.operator import Operator
from memento.vary.texts import NUMBER, negates, texts_of
from memento.world.check import check
from memento.world.table import same_elements
from memento.world.tree import Delta
from memento.world.world import PLACING, Manifest, World

Floats = npt.NDArray[np.float64]
_CLOSE = 1e-9
_WORDS = frozenset({"memory.text", "turn.text"})
"""Fields that nothing but words follows from."""
_HARMLESS = frozenset({*_WORDS, "memory.importance", "memory.peak_hour", "memory.peak_weekday"})
"""Fields that no invariant of worlds speaks of."""


class Checker:
    """Holds the variants of one world to what their operators promise; what is known of the world is kept."""

    def __init__(self, before: World) -> None:
        self.before = before
        self.patterns = from_manifest(before.manifest.patterns)
        self._reads = frozenset(place for pattern in self.patterns for place in pattern.reads)

    @cached_property
    def labels(self) -> Floats:
        """The clean labels of the world's candidates, shape (N,)."""
        return clean(of(self.before), self.patterns)

    @cached_property
    def findings(self) -> Counter[str]:
        """What is wrong with the world already, by kind."""
        return Counter(finding.kind for finding in check(self.before))

    def inconsistency(self, result: Delta | World, operator: Operator) -> str:
        """What is wrong with a variant, in words; empty where it is consistent."""
        if isinstance(result, Delta) and not result:
            return ""
        fields = touched(self.before, result)
        if isinstance(result, Delta) and fields <= _WORDS:
            return self._wording(result)
        after = applied(self.before, result, fields)
        broken = "" if fields <= _HARMLESS else self._broken(after)
        if broken or operator.expects == "free":
            return broken
        followed = "*" in fields or not self._reads.isdisjoint(fields)
        return self._relabelled(after, operator.expects) if followed else ""

    def _wording(self, result: Delta) -> str:
        """A changed text that lost what it must keep."""
        for name, rows in result.upserts.items():
            old = self.before.tables[name]
            texts = texts_of(self.before).of(name)
            for row, after in zip(old.rows(rows.keys).tolist(), rows["text"].tolist(), strict=True):
                text = texts[row]
                lost = lost_of(text.text, after, text.kept)
                if lost:
                    return f"{old.schema.singular} {old['id'][row]} lost {lost}: {after[:80]!r}"
        return ""

    def _broken(self, after: World) -> str:
        """A finding of the variant that its parent does not have."""
        known = self.findings.copy()
        for finding in check(after):
            if not known[finding.kind]:
                return finding.message
            known[finding.kind] -= 1
        return ""

    def _relabelled(self, after: World, expects: str) -> str:
        """A candidate whose clean label is not what the operator promises."""
        candidates = self.before.candidates
        if not self.patterns or not len(candidates):
            return ""
        new = clean(of(after), from_manifest(after.manifest.patterns))
        rows = after.candidates.rows(candidates.keys)
        both = np.flatnonzero(rows >= 0)
        rise = new[rows[both]] - self.labels[both]
        wrong = np.flatnonzero(np.abs(rise) > _CLOSE if expects == "labels" else rise > _CLOSE)
        if not len(wrong):
            return ""
        first = both[wrong[0]]
        promise = "stay" if expects == "labels" else "not rise"
        return (
            f"{len(wrong):,} labels that must {promise} moved, such as candidate {candidates.keys[first]}: "
            f"{self.labels[first]:.3f} to {new[rows[first]]:.3f}"
        )


def applied(before: World, result: Delta | World, fields: frozenset[str] | None = None) -> World:
    """The world that a change gives; `fields` are those that it touches (see `touched`), where they are known."""
    if isinstance(result, World):
        return result
    fields = touched(before, result) if fields is None else fields
    manifest = result.manifest or before.manifest
    if "*" not in fields and fields.isdisjoint(PLACING):
        return World(
            manifest, {**before.tables, **{n: before.tables[n].put(rows) for n, rows in result.upserts.items()}}
        )
    gone = set(result.deletes.get("sessions", ()))
    tables = {}
    for name, table in before.tables.items():
        deletes = list(result.deletes.get(name, ()))
        if gone and name in ("turns", "candidates"):
            of_session = table["session"].tolist()
            deletes += [key for key, session in zip(table.keys, of_session, strict=True) if session in gone]
        tables[name] = table.update(result.upserts.get(name), deletes)
    return World.build(manifest, tables)


def touched(before: World, result: Delta | World) -> frozenset[str]:
    """The fields that a change touches, as ``memory.text``; ``*`` where records come or go, or the manifest changes in
    what labels follow from."""
    if isinstance(result, World) or result.deletes:
        return frozenset({"*"})
    if result.manifest and _rules(result.manifest) != _rules(before.manifest):
        return frozenset({"*"})
    found: set[str] = set()
    for name, rows in result.upserts.items():
        old = before.tables[name]
        places = old.rows(rows.keys)
        if np.any(places < 0):
            return frozenset({"*"})
        singular = old.schema.singular
        fields = [field.name for field in old.schema.fields]
        found |= {f"{singular}.{f}" for f in fields if not np.all(same_elements(rows[f], old[f][places]))}
    return frozenset(found)


def _rules(manifest: Manifest) -> Manifest:
    """A manifest without what no label follows from: all of the scenario but how time passes."""
    return replace(manifest, scenario={"time": manifest.scenario.get("time")})


def lost_of(before: str, after: str, kept: tuple[str, ...]) -> str:
    """What a changed text lost of names and values, numbers, and negation; empty where nothing is."""
    names, numbers, negated = _kept_of(before, kept)
    for name in names:
        if not _says(after, name):
            return repr(name)
    if numbers and Counter(numbers) - Counter(NUMBER.findall(after)):
        return "a number"
    if negated != negates(after):
        return "its negation" if negated else "what it affirmed"
    return ""


@lru_cache(1 << 15)
def _kept_of(text: str, kept: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...], bool]:
    """The names and values that a text says, its numbers, and whether it negates something; remembered, since
    siblings come of the same texts."""
    return tuple(name for name in kept if _says(text, name)), tuple(NUMBER.findall(text)), negates(text)


def _says(text: str, name: str) -> bool:
    """Whether a text has a name or value as whole words, its first letter perhaps a capital."""
    if name[1:] not in text:
        return False
    for form in dict.fromkeys((name, name[:1].upper() + name[1:])):
        at = text.find(form)
        while form.strip() and at >= 0:
            end = at + len(form)
            before, behind = text[at - 1 : at], text[end : end + 1]
            if not ((before + form[0]).isalnum() and before) and not ((form[-1] + behind).isalnum() and behind):
                return True
            at = text.find(form, at + 1)
    return False
