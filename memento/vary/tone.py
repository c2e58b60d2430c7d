"""Say things in another tone: formal, casual, terse or polite."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from memento.vary.operator import Expectation, Operator, Value, parameter
from memento.vary.texts import Text, changed
from memento.world.tree import Delta
from memento.world.world import World

_LONG = {
    "don't": "do not", "doesn't": "does not", "didn't": "did not", "isn't": "is not", "aren't": "are not",
    "wasn't": "was not", "won't": "will not", "can't": "cannot", "couldn't": "could not", "shouldn't": "should not",
    "wouldn't": "would not", "haven't": "have not", "hasn't": "has not", "it's": "it is", "that's": "that is",
    "what's": "what is", "let's": "let us", "i'm": "I am", "i'll": "I will", "i've": "I have", "i'd": "I would",
    "we're": "we are", "we'll": "we will", "we've": "we have", "you're": "you are", "you'll": "you will",
    "they're": "they are", "there's": "there is",
}  # fmt: skip
_SHORT = {long: short for short, long in _LONG.items()} | {"I am": "I'm", "I will": "I'll", "I have": "I've"}
_FORMAL = {
    "sure": "certainly", "got it": "understood", "thanks": "thank you", "need to": "have to", "ok": "very well",
    "get": "obtain", "help": "assist", "ask": "enquire", "fix": "correct", "check": "verify", "tell": "inform",
    "by the way": "incidentally", "right": "correct", "look": "inspect", "hmm": "I see", "happy to": "gladly",
}  # fmt: skip
_CASUAL = {
    "certainly": "sure", "understood": "got it", "thank you": "thanks", "assist": "help", "of course": "sure thing",
    "very": "really", "however": "but", "therefore": "so", "verify": "check", "obtain": "get", "perhaps": "maybe",
    "as far as i know": "afaik", "by the way": "btw", "because": "since", "remember": "keep in mind",
}  # fmt: skip
_FRAMES = (
    "Note that ", "Remember that ", "It is settled that ", "For the record, ", "As far as we know, ",
    "My notes say that ",
    "The user mentioned that ", "We agreed that ", "Sure. From what I remember, ", "Of course. One thing first: ",
    "Happy to. I have on record that ", "Yes. Keep in mind that ", "Let's see. As noted earlier, ", "I remember that ",
    "As far as I know, ", "According to what you told me, ", "You mentioned that ", "It is on record that ",
    "Please note that ", "By the way, ", "One more thing: ", "You should know that ",
)  # fmt: skip
_ASKING = re.compile(
    r"^(can|could|would|will|do|what|how|where|when|who|which|remind|let's|i need|today i want)\b", re.I
)
TONES = ("formal", "casual", "terse", "polite")


@dataclass(frozen=True)
class Tone(Operator):
    """The tone of memories and turns changes, what they say does not.

    Formal writes contractions out and takes the plainer words back; casual does the reverse; terse drops
    what only opens a sentence; polite asks and answers with courtesy. Names, values, numbers and negations
    stay.
    """

    name: ClassVar[str] = "tone"
    formula: ClassVar[str] = "contractions, courtesy and register of the words between what is kept"
    source: ClassVar[str] = "style variation of conversations (Memento fractals)"
    expects: ClassVar[Expectation] = "labels"
    neutral: ClassVar[Mapping[str, Value]] = {"share": 0.0}

    to: str = parameter("", "formal, casual, terse or polite; drawn for each world if left out", kind="text",
                        choices=("", *TONES))  # fmt: skip
    share: float = parameter(1.0, "probability that a text is changed")

    def apply(self, world: World, key: int) -> Delta:
        """One draw for the world where no tone is named, and one for each text."""
        tone = self.to or TONES[key % len(TONES)]
        return changed(world, key, self.share, lambda text, state: toned(text, tone, state))


def toned(text: Text, tone: str, state: int) -> str:
    """A text in a tone; `state` picks among equals."""
    if tone == "terse":
        return _terse(text)
    if tone == "polite":
        return _polite(text, state)
    phrases = _PHRASES[tone]
    said = "".join(phrases.exchanged(piece) if free else piece for piece, free in _open(text))
    if tone == "formal":
        return said.replace("!", ".")
    return said


_KEPT = 1 << 15


class Phrases:
    """Phrases and what to say for each: whole words, the longest first, capitals kept."""

    def __init__(self, table: Mapping[str, str]) -> None:
        self._other = {phrase.lower(): other for phrase, other in table.items()}
        self._known: dict[str, str] = {}
        names = sorted(self._other, key=lambda phrase: (-len(phrase), phrase))
        self._pattern = re.compile(r"(?<![\w'])(" + "|".join(map(re.escape, names)) + r")(?![\w'])", re.IGNORECASE)

    def exchanged(self, text: str) -> str:
        """The text with every phrase exchanged; kept, for texts come again."""
        found = self._known.get(text)
        if found is None:
            if len(self._known) >= _KEPT:
                self._known.clear()
            found = self._known[text] = self._pattern.sub(self._one, text)
        return found

    def _one(self, match: re.Match[str]) -> str:
        other = self._other[match.group().lower()]
        return other[:1].upper() + other[1:] if match.group()[:1].isupper() else other


_PHRASES = {"formal": Phrases(_FORMAL | _LONG), "casual": Phrases(_CASUAL | _SHORT)}


def _open(text: Text) -> list[tuple[str, bool]]:
    """The pieces of a text; a contraction with a negation counts as open, since both of its forms deny."""
    joined: list[tuple[str, bool]] = []
    for piece, free in text.pieces():
        denies = not free and (piece.lower() in _LONG or piece.lower() in ("not", "cannot"))
        if joined and joined[-1][1] and (free or denies):
            joined[-1] = (joined[-1][0] + piece, True)
        else:
            joined.append((piece, free or denies))
    return joined


def _terse(text: Text) -> str:
    said = text.text
    for frame in _FRAMES:
        if said.startswith(frame) and len(said) > len(frame) + 2:
            said = said[len(frame) :]
            return said[0].upper() + said[1:] if said.split(" ", 1)[0].isalpha() else said
    return said


def _polite(text: Text, state: int) -> str:
    if text.role == "user" and _ASKING.search(text.text):
        courtesy = ("Excuse me. ", "When you have a moment: ", "If I may: ", "Hello. ")[state % 4]
        end = (" Thank you.", " Thank you very much.", " I would appreciate it.")[state // 4 % 3]
        return courtesy + text.text + end
    if text.role == "assistant":
        return text.text + (" I hope that helps.", " Please tell me if I can do more.", " With pleasure.")[state % 3]
    return text.text
