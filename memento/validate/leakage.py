"""What training must not know of the test: sessions, by id and by content, and the memories that answer them.

Neighbouring sessions share memories, so a split at random tells a model the answers
(Kaufman et al. 2012, "Leakage in data mining"). Here a test is named by its commits, and four things are refused:

| leak | found by |
| ---- | -------- |
| commit | what is trained on was made from a commit that has the test's sessions |
| session | a session of the test has the same id in training |
| question | a session of the test asks the same, of the same relevant memories, under another id |
| memory | training holds the memories of an imported test, by id or by words, and its sessions are not all earlier |

Memories may be shared only by a split in time: then every session that is trained on ended before
the first one of the test began. The memories of a simulated test are told apart by their ids alone,
since two worlds of one grammar say the same of different things.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from memento import rng
from memento.errors import UsageError
from memento.language.embed import tokenize
from memento.render.contexts import queries
from memento.render.rendering import Rendering
from memento.world.values import format_time
from memento.world.world import World

Hashes = npt.NDArray[np.uint64]
RELEVANT = 0.5
FEWEST_WORDS = 6
"""Words that a memory needs for its text to tell where it comes from; "Thanks!" is said everywhere."""
TOLERANCE = 0.01
"""The share of a test's memories whose words may occur in training by chance."""


class Leak(UsageError):
    """Training knows something of the test; `kinds` names what."""

    def __init__(self, message: str, kinds: Sequence[str], hint: str = "") -> None:
        super().__init__(message, hint)
        self.kinds = tuple(kinds)


@dataclass(frozen=True)
class Part:
    """A world and those of its sessions that a role in the protocol uses: what trains, or what tests."""

    name: str
    world: World = field(repr=False)
    rendering: Rendering = field(repr=False)

    @cached_property
    def sessions(self) -> dict[int, str]:
        """Hash of each session's id -> id."""
        ids = list(self.rendering.session_ids)
        return dict(zip(rng.hashes(ids).tolist() if ids else [], ids, strict=True))

    @cached_property
    def questions(self) -> dict[int, str]:
        """Hash of what each session asks and of the words that answer it -> id; those without relevance left out."""
        rendering, texts = self.rendering, self._texts
        asked = dict(zip(self.world.sessions["id"].tolist(), queries(self.world), strict=True))
        found: dict[int, str] = {}
        for place, session in enumerate(rendering.session_ids):
            low, high = int(rendering.offsets[place]), int(rendering.offsets[place + 1])
            rows = rendering.memory_rows[low:high][rendering.labels[low:high] >= RELEVANT]
            if len(rows):
                answer = sorted(texts[rendering.memory_ids[row]] for row in rows.tolist())
                found[rng.key(0, "question", _words(asked[session]), *answer)] = session
        return found

    @cached_property
    def memories(self) -> frozenset[str]:
        """The ids of the memories that its sessions were offered."""
        return frozenset(self.rendering.memory_ids[row] for row in np.unique(self.rendering.memory_rows).tolist())

    @cached_property
    def held(self) -> frozenset[str]:
        """The ids of all memories of its world."""
        return frozenset(self.world.memories["id"].tolist())

    @cached_property
    def said(self) -> frozenset[str]:
        """The words of every memory and turn of its world that has enough of them to be known by."""
        texts = [*self.world.memories["text"].tolist(), *self.world.turns["text"].tolist()]
        return frozenset(words for words in map(_words, texts) if words.count(" ") + 1 >= FEWEST_WORDS)

    @cached_property
    def answers(self) -> dict[str, str]:
        """Words -> id of the memories that its sessions were offered and that can be known by their words."""
        pairs = ((self._texts[name], name) for name in sorted(self.memories))
        return {words: name for words, name in pairs if words.count(" ") + 1 >= FEWEST_WORDS}

    @property
    def begins(self) -> int:
        """When its first session ended, s UTC."""
        return int(self.rendering.session_times.min(initial=np.iinfo(np.int64).max))

    @property
    def ends(self) -> int:
        """When its last session ended, s UTC."""
        return int(self.rendering.session_times.max(initial=np.iinfo(np.int64).min))

    @cached_property
    def _texts(self) -> dict[str, str]:
        memories = self.world.memories
        return dict(zip(memories["id"].tolist(), map(_words, memories["text"].tolist()), strict=True))


def check(training: Sequence[Part], tests: Sequence[Part], descends: Callable[[str, str], bool] | None = None) -> None:
    """Refuse training that knows the test. Raises `Leak`, which names everything that leaks and from where.

    `descends(commit, ancestor)` tells whether a commit was made from another; without it commits are not looked at.
    """
    faults: list[str] = []
    kinds: list[str] = []
    for part in training:
        for test in tests:
            for kind, words in leaks(part, test, descends):
                kinds.append(kind)
                faults.append(f"  {part.name} knows {test.name}: {words}")
    if faults:
        raise Leak(
            "what is trained on knows the test\n" + "\n".join(faults),
            tuple(dict.fromkeys(kinds)),
            "train on other conversations, or on a fork made before the test: `memento fork REV early --at-session ID`",
        )


def leaks(part: Part, test: Part, descends: Callable[[str, str], bool] | None = None) -> list[tuple[str, str]]:
    """What a part that trains knows of a test: the kind of each leak, and where it is, in words."""
    found: list[tuple[str, str]] = []
    child, parent = part.rendering.commit, test.rendering.commit
    if descends is not None and child and parent and child != parent and descends(child, parent):
        found.append(("commit", f"commit {child[:10]} was made from {parent[:10]}, which has its sessions"))
    same = sorted(test.sessions[key] for key in set(test.sessions) & set(part.sessions))
    if same:
        found.append(("session", _some(same, len(test.sessions), "session", "by id")))
    asked = sorted(test.questions[key] for key in set(test.questions) & set(part.questions))
    asked = [name for name in asked if name not in set(same)]
    if asked:
        found.append(("question", _some(asked, len(test.questions), "session", "by what they ask and what answers it")))
    if part.ends >= test.begins:
        known = sorted(test.memories & part.held)
        if known:
            when = f"and a session of {part.name} ends at {format_time(part.ends)}, after the test begins"
            found.append(("memory", _some(known, len(test.memories), "memory", f"by id, {when}")))
        elif test.world.manifest.source != "simulated":
            heard = sorted(test.answers[words] for words in test.answers.keys() & part.said)
            if len(heard) > TOLERANCE * max(1, len(test.answers)):
                found.append(("memory", _some(heard, len(test.answers), "memory", "by their words")))
    return found


def _some(names: Sequence[str], total: int, one: str, how: str) -> str:
    many = {"session": "sessions", "memory": "memories"}[one]
    shown = ", ".join(names[:3]) + (", …" if len(names) > 3 else "")
    return f"{len(names)} of {total} {many if total != 1 else one} {how} ({shown})"


def _words(text: str) -> str:
    return " ".join(tokenize(text))
