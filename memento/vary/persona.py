"""Let somebody else ask: the user's turns in the manner of another person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from memento.vary.operator import Expectation, Operator, Value, parameter
from memento.vary.texts import Text, changed
from memento.vary.tone import toned
from memento.world.tree import Delta
from memento.world.world import World


class _Manner(NamedTuple):
    """How a person speaks: their tone, and what they may put before and after what they say."""

    tone: str
    before: tuple[str, ...]
    after: tuple[str, ...]


PERSONAS: dict[str, _Manner] = {
    "manager": _Manner("formal", ("For the report: ", "In short, please. "), (" Keep it brief.", "")),
    "student": _Manner("casual", ("Quick question. ", "For my course: "), (" I want to understand it.", "")),
    "expert": _Manner("terse", ("", "Straight to the point: "), (" Skip the basics.", "")),
    "novice": _Manner("polite", ("This is new to me. ", "I am a beginner. ", ""), (" Simple words would help.", "")),
    "hurried": _Manner("terse", ("Quick: ", "In a hurry. ", ""), (" Fast, please.", "")),
    "elder": _Manner("polite", ("My dear assistant: ", "As in the old days: "), (" Take your time.", "")),
}  # fmt: skip


@dataclass(frozen=True)
class Persona(Operator):
    """The user's turns are said by another kind of person; what they ask and tell stays.

    A persona is a tone with habits before and after a sentence. One person asks in one session.
    """

    name: ClassVar[str] = "persona"
    formula: ClassVar[str] = "before + tone(text) + after, by persona"
    source: ClassVar[str] = "persona-conditioned rewriting of conversations (Memento fractals)"
    expects: ClassVar[Expectation] = "labels"
    neutral: ClassVar[Mapping[str, Value]] = {"share": 0.0}

    who: str = parameter("", f"{', '.join(PERSONAS)}; drawn for each world if left out", kind="text",
                         choices=("", *PERSONAS))  # fmt: skip
    share: float = parameter(1.0, "probability that a turn of the user is changed")

    def apply(self, world: World, key: int) -> Delta:
        """One draw for the world where nobody is named, and one for each turn."""
        who = self.who or [*PERSONAS][key % len(PERSONAS)]
        manner = PERSONAS[who]

        def change(text: Text, state: int) -> str:
            said = toned(text, manner.tone, state) if manner.tone != "polite" else text.text
            before = manner.before[state % len(manner.before)]
            return before + said + manner.after[state // 7 % len(manner.after)]

        return changed(world, key, self.share, change, ("turns",), "user")
