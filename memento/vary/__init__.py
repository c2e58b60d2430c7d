"""Variations of worlds: operators, one file each, and the tree of variants that they expand to."""

from __future__ import annotations

from collections.abc import Sequence

from memento.catalog import Catalog, Row
from memento.vary import parameters
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


def parse(words: Sequence[str]) -> list[Operator]:
    """The operators that some words name, such as ``drop:share=0.2,jitter``; see `memento.vary.parameters.parse`."""
    return parameters.parse(words, CATALOG, "drop:share=0.2")
