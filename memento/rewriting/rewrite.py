"""A world with texts rewritten by a language model: asked, recorded, checked, and else by a deterministic operator."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from memento import rng
from memento.errors import UsageError
from memento.rewriting.endpoint import Completion, Endpoint, check_model
from memento.rewriting.recordings import Recordings, key_of
from memento.vary.consistency import lost_of
from memento.vary.texts import NUMBER, Text, Texts
from memento.vary.tone import toned
from memento.world.tree import Delta
from memento.world.world import World

Mode = Literal["record", "replay", "off"]
MODES: tuple[Mode, ...] = ("record", "replay", "off")
STYLES = {
    "formal": "in a formal register",
    "casual": "casually, as one would speak",
    "terse": "as briefly as possible",
    "polite": "politely",
    "plain": "in plain words that a child understands",
}
VERSION = 1
"""Of the prompt below: a change of it asks anew."""
_SHORTEST, _LONGEST = 0.5, 2.0
_MANY = 25
_NAME = re.compile(r"(?<![.!?:] )(?<!^)(?<![\"“'‘(])\b([^\W\d_a-z][^\W\d_]+)")
"""A word with a capital that does not begin a sentence; one letter, such as I, is none."""
_FALLBACK = {"plain": "terse"}


@dataclass(frozen=True)
class Rewritten:
    """The change, and how texts came about: answered now, read from the record, by the fallback (why -> how many)."""

    delta: Delta
    asked: int
    replayed: int
    fallbacks: dict[str, int]


@dataclass(frozen=True)
class Rewriter:
    """Rewrites texts in a style by the answers of a model.

    ``record`` asks where nothing is recorded, ``replay`` reads records alone and refuses where one is missing, ``off``
    takes the deterministic operator for all. An answer counts if it keeps names, values, numbers and negation, adds no
    number or name, and is half to twice as long; else the text falls back to tone, which is deterministic. Raises
    `UsageError` for a model's name that is none, but for ``off``.
    """

    recordings: Recordings
    model: str
    mode: Mode = "record"
    endpoint: Endpoint | None = None
    temperature: float = 0.0
    seed: int = 0
    max_tokens: int = 400

    def __post_init__(self) -> None:
        if self.mode != "off":
            check_model(self.model)

    def question(self, text: Text, style: str) -> dict[str, Any]:
        """What is asked for a text: everything that the answer may depend on."""
        keep = ", ".join(f'"{name}"' for name in text.kept if name and name in text.text)
        rule = f" Keep these exactly as they are: {keep}." if keep else ""
        system = (
            f"Rewrite the user's sentence {STYLES[style]}. Say the same facts and no others. Keep every number and "
            f"every negation.{rule} Answer with the sentence alone."
        )
        return {
            "model": self.model, "version": VERSION, "temperature": self.temperature, "top_p": 1.0, "seed": self.seed,
            "max_tokens": self.max_tokens, "stop": [],
            "messages": [{"role": "system", "content": system}, {"role": "user", "content": text.text}],
        }  # fmt: skip

    def rewrite(
        self, world: World, style: str, share: float, key: int, progress: Callable[[int, int], None] | None = None
    ) -> Rewritten:
        """A share of a world's turns in a style, each chosen by its id.

        Raises `UsageError` for records that are missing in a replay, `ServerError` where the server fails; answers
        until then are recorded.
        """
        turns = world.turns
        keys = rng.keys(key, turns["id"].tolist())
        chosen = np.flatnonzero(rng.bernoulli(keys, share)).tolist()
        states: list[int] = rng.bits(keys, 1).tolist()
        texts = Texts(world).turns
        of = [texts[row] for row in chosen]
        names = tuple(dict.fromkeys(world.entities["name"].tolist()))
        questions = [self.question(text, style) for text in of]
        if self.mode == "replay":
            self._refuse_missing(questions)
        new, asked, replayed = turns["text"].copy(), 0, 0
        reasons: dict[str, int] = {}
        try:
            for place, (row, text, question) in enumerate(zip(chosen, of, questions, strict=True)):
                answer = None if self.mode == "off" else self.recordings.get(question)
                if answer is not None:
                    replayed += 1
                elif self.mode == "record":
                    answer = self._ask(question)
                    asked += 1
                why = fault(text, answer, names) if answer else "no model was asked"
                if why:
                    reasons[why] = reasons.get(why, 0) + 1
                new[row] = toned(text, _FALLBACK.get(style, style), states[row]) if why else answer.text.strip()  # type: ignore[union-attr]
                if progress:
                    progress(place + 1, len(chosen))
                if asked and asked % _MANY == 0:
                    self.recordings.save()
        finally:
            self.recordings.save()
        moved = np.flatnonzero(new != turns["text"])
        delta = Delta({"turns": turns.take(moved).replace(text=new[moved])}) if len(moved) else Delta()
        return Rewritten(delta, asked, replayed, dict(sorted(reasons.items())))

    def _ask(self, question: dict[str, Any]) -> Completion:
        if self.endpoint is None:
            raise UsageError("no server is named", "--endpoint http://127.0.0.1:8080/v1, or set MEMENTO_ENDPOINT")
        request = {name: value for name, value in question.items() if name not in ("model", "version")}
        answer = self.endpoint.complete(request)
        self.recordings.put(question, answer)
        return answer

    def _refuse_missing(self, questions: list[dict[str, Any]]) -> None:
        missing = [question for question in questions if self.recordings.get(question) is None]
        if missing:
            first = missing[0]["messages"][-1]["content"]
            raise UsageError(
                f"{len(missing):,} of {len(questions):,} answers are not recorded, such as {key_of(missing[0])[:10]} "
                f"for {first[:60]!r}",
                "record them first: `memento rewrite --mode record`, with the same model, style and seed",
            )


def fault(text: Text, answer: Completion, names: Sequence[str] = ()) -> str:
    """Why an answer cannot stand for a text, in words; empty where it can. `names` are those of the world."""
    said = answer.text.strip()
    if not said or "\n" in said or not said.isprintable():
        return "not one sentence"
    if answer.finish == "length":
        return "cut short"
    if not _SHORTEST <= len(said) / max(1, len(text.text)) <= _LONGEST:
        return "too short or too long"
    lost = lost_of(text.text, said, text.kept)
    if lost:
        return f"lost {'a name' if lost.startswith(chr(39)) else lost}"
    return _added(text.text, said, names)


def _added(before: str, after: str, names: Sequence[str]) -> str:
    """What an answer says of its own: a number, a name of the world, or a word that is written like a name."""
    if Counter(NUMBER.findall(after)) - Counter(NUMBER.findall(before)):
        return "added a number"
    known = before.casefold()
    if any(name.casefold() in after.casefold() and name.casefold() not in known for name in names if name.strip()):
        return "added a name"
    words = set(re.findall(r"[^\W\d_]+", known))
    if any(match[1].casefold() not in words for match in _NAME.finditer(after)):
        return "added a name"
    return ""
