"""The vocabulary of a domain: kinds of entity, their names, their aspects and the aspects' values.

A domain is one file in `memento/language/domains` and one row in `DOMAINS`. Names and values are
`Choices`: ``len`` counts them, ``[i]`` gives the i-th, ``.draw(key, i)`` the i-th in an order that a
key decides, ``.at(i)`` goes on without end.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from memento.catalog import Catalog, Row
from memento.errors import NotFound
from memento.language.choices import Choices

DOMAINS = Catalog(
    "domain",
    {
        "software": Row("memento.language.domains.software:DOMAIN", "services, people and tools of a developer"),
        "support": Row("memento.language.domains.support:DOMAIN", "customers, products and policies of a support desk"),
        "medicine": Row("memento.language.domains.medicine:DOMAIN", "patients, wards and medicines of a clinic"),
        "law": Row("memento.language.domains.law:DOMAIN", "clients, cases, contracts and courts of a law firm"),
        "finance": Row("memento.language.domains.finance:DOMAIN", "clients, funds, companies and rules of an investor"),
        "cooking": Row("memento.language.domains.cooking:DOMAIN", "dishes, ingredients, guests and menus of a kitchen"),
        "travel": Row("memento.language.domains.travel:DOMAIN", "travelers, trips, hotels and flights"),
        "research": Row("memento.language.domains.research:DOMAIN", "projects, datasets and papers of a group"),
        "personal": Row("memento.language.domains.personal:DOMAIN", "people, places and habits of one person's life"),
    },
)


class Aspect(NamedTuple):
    """A named dimension of an entity, and the values that it may take."""

    name: str
    single_valued: bool
    values: Choices


@dataclass(frozen=True)
class Domain:
    """One vocabulary.

    `kinds` are the kinds of entity, most common first; `phrases` gives, by aspect name, the ways to
    say that entity ``{e}`` has value ``{v}`` under it; `goals` are things people want to get done
    about a topic ``{t}``; `dependencies` are likely edges (source kind, edge kind, target kind).
    """

    name: str
    names_by_kind: Mapping[str, Choices]
    aspects_by_kind: Mapping[str, tuple[str, ...]]
    aspects_by_name: Mapping[str, Aspect]
    phrases: Mapping[str, tuple[str, ...]]
    goals: tuple[str, ...]
    dependencies: tuple[tuple[str, str, str], ...] = ()
    kinds: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        object.__setattr__(self, "kinds", tuple(self.names_by_kind))

    def names(self, kind: str) -> Choices:
        """The names an entity of `kind` may have; raises `NotFound`."""
        return self.names_by_kind[self._known(kind)]

    def aspects(self, kind: str) -> list[Aspect]:
        """The aspects of an entity of `kind`, most common first; raises `NotFound`."""
        return [self.aspects_by_name[name] for name in self.aspects_by_kind[self._known(kind)]]

    def _known(self, kind: str) -> str:
        if kind not in self.names_by_kind:
            raise NotFound(f"kind of entity in domain {self.name}", kind, self.kinds, f"kinds: {', '.join(self.kinds)}")
        return kind


class Term(NamedTuple):
    """One row of a domain's file: an aspect, its values and the phrases that state it."""

    name: str
    single_valued: bool
    values: Choices
    phrases: tuple[str, ...]


def compose(
    name: str,
    names: Mapping[str, Choices],
    aspects: Mapping[str, tuple[str, ...]],
    terms: tuple[Term, ...],
    goals: tuple[str, ...],
    dependencies: tuple[tuple[str, str, str], ...] = (),
) -> Domain:
    """The domain of a file's rows."""
    return Domain(
        name,
        names,
        aspects,
        {term.name: Aspect(term.name, term.single_valued, term.values) for term in terms},
        {term.name: term.phrases for term in terms},
        goals,
        dependencies,
    )


def domain(name: str) -> Domain:
    """The domain called `name`; raises `NotFound` with the nearest names."""
    found: Domain = DOMAINS[name]
    return found
