"""Conflicts, violations and resolutions as values: content-derived ids, words, and JSON forms.

A conflict is a place where two sides changed one thing apart; a violation is a contradiction of the
merged world that neither side had. Both are named by a hash of exactly what they say, so that a
resolution answers the conflict it was given for and no other.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from hashlib import blake2b
from typing import Any, Literal

from memento import codec
from memento.errors import UsageError
from memento.world.records import TABLES
from memento.world.values import format_time, parse, to_column

Kind = Literal["field", "add/add", "delete/modify", "manifest"]
Choice = Literal["ours", "theirs", "base", "value", "fix", "accept"]
MANIFEST = "manifest"
"""Stands for the table of a conflict in the manifest; its field is a dotted path."""

_WIDTH = 60


def short_hash(prefix: str, value: Any) -> str:
    """`prefix` and 10 hexadecimal digits of the BLAKE2b of the canonical encoding of `value`."""
    return prefix + blake2b(codec.encode(value), digest_size=5).hexdigest()


@dataclass(frozen=True)
class Conflict:
    """One place that both sides changed apart.

    `table` and `key` name the record (``"manifest"`` and ``""`` for the manifest), `field` the
    field, or ``""`` where the whole record is at stake; `base`, `ours` and `theirs` are plain
    values, whole records (None: not there) where `field` is empty. `base_known` is False where
    there is no base, or where the bases themselves disagree on it.
    """

    table: str
    key: str
    field: str
    kind: Kind
    base: Any
    ours: Any
    theirs: Any
    base_known: bool = True

    @cached_property
    def id(self) -> str:
        """``c`` and 10 digits: a hash of everything the conflict says, sides included."""
        return short_hash("c", asdict(self))

    @cached_property
    def reuse_id(self) -> str:
        """``n`` and 10 digits: the same for both orders of the sides; see `normalised`."""
        return short_hash("n", self.normalised())

    @property
    def place(self) -> str:
        """Where it is, as users write it: ``memory:ID.field``."""
        if self.table == MANIFEST:
            return f"manifest.{self.field}"
        name = f"{TABLES[self.table].singular}:{self.key}"
        return f"{name}.{self.field}" if self.field else name

    def normalised(self) -> dict[str, Any]:
        """The conflict without the order of its sides, for finding an earlier resolution again."""
        sides = sorted((self.ours, self.theirs), key=codec.encode)
        return {
            "table": self.table,
            "key": self.key,
            "field": self.field,
            "base": self.base,
            "base_known": self.base_known,
            "sides": sides,
        }

    def explanation(self, ours: str = "ours", theirs: str = "theirs") -> str:
        """One sentence for a reader; `ours` and `theirs` are the names of the sides."""
        if self.kind == "delete/modify":
            kept, gone = (ours, theirs) if self.ours is not None else (theirs, ours)
            if self.table == "sessions":
                return f"{self.place} is deleted in {gone}, while {kept} changed it or what was said and offered in it"
            return f"{self.place} is deleted in {gone} and changed in {kept}"
        a, b = (self.show(value) for value in (self.ours, self.theirs))
        if self.kind == "add/add":
            return f"{self.place} was added on both sides: {a} in {ours}, {b} in {theirs}"
        if not self.base_known:
            return f"{self.place} is {a} in {ours} and {b} in {theirs}; their common past does not say which is newer"
        return f"{self.place} was {self.show(self.base)}, is {a} in {ours} and {b} in {theirs}"

    def show(self, value: Any) -> str:
        """A value of this conflict in few words."""
        field = TABLES[self.table].by_name.get(self.field) if self.table in TABLES else None
        if value is None:
            return "absent"
        if field is not None and field.kind == "time":
            return format_time(value)
        words = repr(value) if not isinstance(value, list) else f"[{', '.join(value)}]"
        return words if len(words) <= _WIDTH else f"{words[: _WIDTH - 2]}…{words[-1]}"

    def resolution(self, choice: str, value: Any = None) -> Resolution:
        """A checked answer to this conflict.

        `choice` is ours, theirs, base, or value with the plain `value` (a record, or None for
        deleted, where the whole record is at stake). Raises `UsageError`.
        """
        if choice == "base" and not self.base_known:
            raise UsageError(
                f"{self.place} has no known base", f"`memento resolve {self.id} --ours`, or --theirs, or --value VALUE"
            )
        if choice not in ("ours", "theirs", "base", "value"):
            raise UsageError(f"{choice!r} does not resolve a conflict", "choose ours, theirs, base or value")
        if choice == "value" and self.table in TABLES:
            self._check(value)
        return Resolution(self.id, choice, value if choice == "value" else None)  # type: ignore[arg-type]

    def parse_value(self, text: str) -> Any:
        """The plain value that a user's text stands for, by the kind of the field.

        Raises `UsageError` for a value that the field cannot hold, and where a whole record is at
        stake (choose a side, then edit).
        """
        if self.table == MANIFEST:
            return self._manifest_value(text)
        if not self.field:
            raise UsageError(
                f"{self.place} is about the whole record, not one value", "choose ours or theirs, then edit the record"
            )
        return parse(TABLES[self.table].field(self.field), text, self.place)

    def _manifest_value(self, text: str) -> Any:
        old = next((v for v in (self.base, self.ours, self.theirs) if v is not None), "")
        if isinstance(old, str):
            return text
        try:
            value = json.loads(text)
            codec.encode(value)
        except (ValueError, TypeError, RecursionError):
            value = None
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if type(value) is not type(old) and not (number and type(old) is float):
            kinds = {bool: "true or false", int: "a whole number", float: "a number"}
            raise UsageError(
                f"{self.place}={text!r} is not {kinds.get(type(old), 'JSON of the right kind')}",
                f"it was {self.show(old)}",
            )
        return float(value) if type(old) is float else value

    def value_of(self, resolution: Resolution) -> Any:
        """The plain value that `resolution` chooses."""
        if resolution.choice == "value":
            return resolution.value
        return {"ours": self.ours, "theirs": self.theirs, "base": self.base}[resolution.choice]

    def _check(self, value: Any) -> None:
        schema = TABLES[self.table]
        if self.field:
            to_column(schema.field(self.field), value, self.place)
        elif value is not None:
            if not isinstance(value, Mapping):
                raise UsageError(f"{self.place}: a record is a map of fields, not {value!r}")
            for name, item in value.items():
                to_column(schema.field(name), item, self.place)

    def to_map(self) -> dict[str, Any]:
        """The JSON form; `from_map` gives the conflict back."""
        return {"id": self.id, "place": self.place, **asdict(self), "explanation": self.explanation()}

    @classmethod
    def from_map(cls, value: Mapping[str, Any]) -> Conflict:
        """The conflict of a JSON form; raises `UsageError` where that was changed by hand."""
        try:
            found = cls(**{name: value[name] for name in cls.__dataclass_fields__})
            if found.id == value.get("id", found.id):
                return found
        except (KeyError, TypeError, ValueError):
            pass
        raise UsageError(f"not a conflict as memento wrote it: {value.get('id', value)!r}")


@dataclass(frozen=True)
class Fix:
    """One way to mend a violation: words, and operations in the form of `memento.changes.batch`."""

    words: str
    operations: tuple[dict[str, Any], ...]

    def to_map(self) -> dict[str, Any]:
        """The JSON form."""
        return {"words": self.words, "operations": list(self.operations)}


@dataclass(frozen=True)
class Violation:
    """One contradiction of a merged world that neither side had.

    `kind` is that of a `memento.world.check.Finding`, `field` the field at fault or empty; `involved`
    are the other records that it is about, as ``memory:ID``; `fixes` are ranked, the most sensible
    first.
    """

    kind: str
    table: str
    key: str
    message: str
    involved: tuple[str, ...] = ()
    fixes: tuple[Fix, ...] = ()
    field: str = ""

    @cached_property
    def id(self) -> str:
        """``v`` and 10 digits: a hash of the kind, the records and the field."""
        return short_hash("v", [self.kind, self.table, self.key, self.field, list(self.involved)])

    @cached_property
    def reuse_id(self) -> str:
        """``n`` and 10 digits: a hash of what `normalised` says, values included."""
        return short_hash("n", self.normalised())

    def normalised(self) -> dict[str, Any]:
        """The violation with all that a fix depends on, for finding an earlier answer again.

        The id alone would not do: it names the records and not their values, while a fix sets
        values. The operations of all the fixes say which world they were made for.
        """
        fixes = sorted((list(fix.operations) for fix in self.fixes), key=codec.encode)
        return {
            "kind": self.kind,
            "table": self.table,
            "key": self.key,
            "field": self.field,
            "involved": list(self.involved),
            "message": self.message,
            "fixes": fixes,
        }

    @property
    def place(self) -> str:
        """Where it is, as users write it: ``memory:ID``."""
        return f"{TABLES[self.table].singular}:{self.key}"

    def explanation(self, ours: str = "ours", theirs: str = "theirs") -> str:
        """One sentence for a reader."""
        return f"{self.kind}: {self.message}"

    def resolution(self, choice: str = "fix", number: int = 1) -> Resolution:
        """An answer: ``fix`` with the number of one of the fixes, from 1, or ``accept``.

        Raises `UsageError`.
        """
        if choice == "accept":
            return Resolution(self.id, "accept")
        if choice != "fix":
            raise UsageError(f"{choice!r} does not resolve a violation", "choose one of its fixes, or accept it")
        if not 1 <= number <= len(self.fixes):
            raise UsageError(
                f"{self.id} has {len(self.fixes)} fixes; there is no fix {number}",
                "`memento conflicts` lists the fixes",
            )
        return Resolution(self.id, "fix", list(self.fixes[number - 1].operations))

    def to_map(self) -> dict[str, Any]:
        """The JSON form; `from_map` gives the violation back."""
        return {
            "id": self.id,
            "place": self.place,
            "kind": self.kind,
            "table": self.table,
            "key": self.key,
            "field": self.field,
            "message": self.message,
            "involved": list(self.involved),
            "fixes": [fix.to_map() for fix in self.fixes],
        }

    @classmethod
    def from_map(cls, value: Mapping[str, Any]) -> Violation:
        """The violation of a JSON form; raises `UsageError` where it is not one."""
        try:
            fixes = tuple(Fix(fix["words"], tuple(fix["operations"])) for fix in value["fixes"])
            involved = tuple(value["involved"])
            return cls(
                value["kind"], value["table"], value["key"], value["message"], involved, fixes, value.get("field", "")
            )
        except (KeyError, TypeError):
            raise UsageError(f"not a violation as memento wrote it: {value.get('id', value)!r}") from None


@dataclass(frozen=True)
class Resolution:
    """An answer to the conflict or violation called `id`.

    `choice` is ours, theirs, base or value for a conflict, fix or accept for a violation; `value`
    is the plain value, or the operations of the fix.
    """

    id: str
    choice: Choice
    value: Any = None

    def reusable(self, conflict: Conflict) -> Resolution:
        """The same answer bound to `conflict.reuse_id`: it also fits with the sides exchanged."""
        return Resolution(conflict.reuse_id, "value", conflict.value_of(self))

    def to_map(self) -> dict[str, Any]:
        """The JSON form; `from_map` gives the resolution back."""
        return {"id": self.id, "choice": self.choice, "value": self.value}

    @classmethod
    def from_map(cls, value: Mapping[str, Any]) -> Resolution:
        """The resolution of a JSON form; raises `UsageError` where it is not one."""
        choices = ("ours", "theirs", "base", "value", "fix", "accept")
        if not isinstance(value.get("id"), str) or value.get("choice") not in choices:
            raise UsageError(f"not a resolution: {dict(value)!r}", "a map of id, choice and, for some, value")
        return cls(value["id"], value["choice"], value.get("value"))
