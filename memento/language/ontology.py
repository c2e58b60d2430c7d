"""What answers to what in two domains: kinds of entity, aspects, and narrower fields of a field.

Kinds have a role that they share across domains (a person who acts, a thing that is worked on, a rule that binds
…); kinds of one role answer to one another, the others in their order. An aspect answers to one of the same sort,
single-valued or not, under the kind that answers to its own.
"""

from __future__ import annotations

from functools import lru_cache

from memento.language.lexicon import Domain, domain

ROLES: dict[str, tuple[str, ...]] = {
    "person": ("engineer", "agent", "clinician", "lawyer", "analyst", "cook", "guide", "researcher", "person"),
    "served": ("customer", "patient", "client", "guest", "traveler"),
    "group": ("team", "company", "ward", "firm", "supplier"),
    "made": ("service", "product", "medicine", "contract", "fund", "dish", "trip", "project"),
    "store": ("database", "location", "device", "court", "account", "tool", "hotel", "dataset"),
    "rule": ("environment", "policy", "protocol", "statute", "rule", "menu", "visa", "venue"),
    "work": ("feature", "ticket", "study", "case", "market", "ingredient", "flight", "paper", "experiment"),
}
"""Role -> kinds of entity that have it, over all domains."""

NARROWER: dict[str, tuple[str, ...]] = {
    "machine learning": (
        "natural language processing", "computer vision", "speech recognition", "reinforcement learning",
        "time series forecasting", "recommender systems",
    ),
    "medicine": ("cardiology", "neurology", "oncology", "pediatrics", "radiology"),
    "law": ("labor law", "tax law", "tenancy law", "patent law", "family law"),
    "finance": ("portfolio management", "credit risk", "auditing", "insurance", "corporate finance"),
    "cooking": ("pastry", "fermentation", "grilling", "charcuterie", "bread baking"),
    "travel": ("rail travel", "hiking", "city trips", "cruises", "business travel"),
    "software": ("web development", "databases", "embedded systems", "security", "data engineering"),
}  # fmt: skip
"""A field and fields within it, for a conversation that goes from one to the other."""


@lru_cache(128)
def kinds(source: str, target: str) -> dict[str, str]:
    """The kind of the target domain that answers to each kind of the source domain."""
    here, there = domain(source), domain(target)
    role = {kind: name for name, members in ROLES.items() for kind in members}
    of_role: dict[str, list[str]] = {}
    for kind in there.kinds:
        of_role.setdefault(role.get(kind, ""), []).append(kind)
    found = {}
    for place, kind in enumerate(here.kinds):
        alike = of_role.get(role.get(kind, "?"), [])
        found[kind] = alike[0] if alike else there.kinds[place % len(there.kinds)]
    return found


@lru_cache(128)
def aspects(source: str, target: str) -> dict[tuple[str, str], str]:
    """The aspect of the target domain that answers to each (kind, aspect) of the source domain.

    Within a kind no two aspects share an answer.
    """
    here, there = domain(source), domain(target)
    found: dict[tuple[str, str], str] = {}
    for kind, other in kinds(source, target).items():
        for single in (True, False):
            wanted = [term.name for term in here.aspects(kind) if term.single_valued == single]
            offered = _ordered(there, other, single)
            same = [name for name in wanted if name in offered]
            rest = [name for name in offered if name not in same]
            for name in wanted:
                found[(kind, name)] = name if name in same else rest.pop(0)
    return found


def _ordered(words: Domain, kind: str, single: bool) -> list[str]:
    """The aspects of a sort: those of the kind first, then those of all others."""
    own = [term.name for term in words.aspects(kind) if term.single_valued == single]
    others = [name for name, term in words.aspects_by_name.items() if term.single_valued == single]
    return list(dict.fromkeys([*own, *others]))
