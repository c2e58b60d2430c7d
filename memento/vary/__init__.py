"""Variations of worlds: operators, one file each, and the tree of variants that they expand to."""

from __future__ import annotations

import re
from collections.abc import Sequence

from memento.catalog import Catalog, Row
from memento.errors import UsageError
from memento.vary.operator import Operator, Parameter

__all__ = ["CATALOG", "Operator", "Parameter", "parse"]

CATALOG = Catalog(
    "operator",
    {
        "alternative": Row("memento.vary.alternative:Alternative", "give answers alternatives of planted quality"),
        "counterfactual": Row("memento.vary.counterfactual:Counterfactual", "exchange values wherever they are said"),
        "domain": Row("memento.vary.domain:Transfer", "move the whole world to another domain"),
        "drift": Row("memento.vary.drift:Drift", "let importance and hours move as time goes by"),
        "drop": Row("memento.vary.drop:Drop", "leave out a share of the memories, and what cannot do without them"),
        "eda": Row("memento.vary.eda:Eda", "replace, insert, swap and delete words"),
        "insert": Row("memento.vary.insert:Insert", "remember memories twice and let sessions happen again"),
        "jitter": Row("memento.vary.jitter:Jitter", "move the importance of memories by a normal draw"),
        "parameter": Row("memento.vary.parameter:Resimulate", "simulate the world again under changed parameters"),
        "paraphrase": Row("memento.vary.paraphrase:Paraphrase", "say the same facts in other words"),
        "persona": Row("memento.vary.persona:Persona", "let another kind of person ask"),
        "rename": Row("memento.vary.rename:Rename", "call entities by other names, with an exact way back"),
        "reorder": Row("memento.vary.reorder:Reorder", "let neighbouring sessions change places"),
        "reschedule": Row("memento.vary.reschedule:Reschedule", "live by another clock: a night owl, an early bird"),
        "shift": Row("memento.vary.shift:Shift", "move the whole world in time by a number of hours"),
        "smooth": Row("memento.vary.smooth:Smooth", "warp time along a smooth path"),
        "supersede": Row("memento.vary.supersede:Supersede", "replace facts by newer values"),
        "synonym": Row("memento.vary.synonym:Synonym", "say things with synonyms"),
        "tone": Row("memento.vary.tone:Tone", "say things in another tone"),
        "typos": Row("memento.vary.typos:Typos", "type in a hurry"),
        "windowwarp": Row("memento.vary.windowwarp:WindowWarp", "stretch or squeeze a stretch of time"),
    },
)
"""Every operator by name."""

_COMMA = re.compile(r",(?![^\[]*\])")
_COLON = re.compile(r":(?![0-9]{2})")
"""A colon that is not one of a time of day."""


def parse(words: Sequence[str]) -> list[Operator]:
    """The operators that some words name, such as ``drop:share=0.2,jitter``.

    A word is one operator or several parted by commas, those in brackets left alone; ``:key=value``
    gives a parameter. Raises `UsageError`, `NotFound` for a name that no operator has, `InvalidFile`
    for faulty parameters.
    """
    found = []
    for text in [part for word in words for part in _COMMA.split(word)]:
        name, *settings = _COLON.split(text)
        values = {}
        for setting in settings:
            key, equals, value = setting.partition("=")
            if not equals or not key:
                raise UsageError(f"{text!r}: {setting!r} is not key=value", "write it as drop:share=0.2")
            values[key] = value
        made: Operator = CATALOG[name].from_map(values)
        found.append(made)
    return found
