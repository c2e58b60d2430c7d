"""LoCoMo's JSON as plain values: sittings of turns, observed facts, questions with their evidence.

Layout: Maharana et al., "Evaluating Very Long-Term Conversational Memory of LLM Agents" (ACL 2024),
repository snap-research/locomo. A file holds one conversation, or a list of them in which
``conversation`` and ``observation`` are nested (``locomo10.json``). Times have no zone and are taken
as UTC.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from memento.errors import UsageError
from memento.formats.reading.notes import Notes, fit_text, refuse

HINT = "expected LoCoMo's layout: speaker_a, speaker_b, session_1, session_1_date_time, …, qa"
ADVERSARIAL = 5

_SESSION = re.compile(r"session_([0-9]{1,4})")
_EVIDENCE = re.compile(r"D\s*:?\s*([0-9]{1,6})\s*:\s*([0-9]{1,6})")
_CLEAN = re.compile(r"D[1-9][0-9]*:[1-9][0-9]*")
_TIME = re.compile(
    r"\s*([0-9]{1,2}):([0-9]{2})\s*([ap])\.?m\.?\s+on\s+([0-9]{1,2})\s+([a-z]{3,9})\.?,?\s+([0-9]{4})\s*", re.IGNORECASE
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


class Utterance(NamedTuple):
    """One turn: its id in the file (``D3:12``), who speaks, the words with any picture's caption."""

    id: str
    speaker: str
    text: str


class Observation(NamedTuple):
    """A fact observed in a sitting about a speaker, and the turns that it rests on."""

    speaker: str
    text: str
    turns: tuple[str, ...]


@dataclass(frozen=True)
class Sitting:
    """One dated sitting of a conversation; `time` in s UTC."""

    number: int
    time: int
    turns: list[Utterance]
    facts: list[Observation]


class Question(NamedTuple):
    """A question, its answer ("" where there is none), the turns that answer it, category 1 to 5 (0: none)."""

    number: int
    text: str
    answer: str
    evidence: tuple[str, ...]
    category: int


@dataclass(frozen=True)
class Conversation:
    """One conversation of two people (or more) over many sittings, in order of time."""

    name: str
    speakers: tuple[str, ...]
    sittings: list[Sitting]
    questions: list[Question] = field(default_factory=list)


def read_conversations(path: Path, notes: Notes) -> list[Conversation]:
    """The conversations of a file or of all ``*.json`` files of a folder.

    Raises `UsageError` for a path that cannot be read and `InvalidFile` with every fault of every
    file. What can be read around is counted in `notes`.
    """
    files = [path]
    if path.is_dir():
        files = sorted(path.glob("*.json"))
        if not files:
            raise UsageError(f"no .json file in {path}", HINT)
    faults: list[str] = []
    found: list[Conversation] = []
    for file in files:
        prefix = f"{file.name}: " if len(files) > 1 else ""
        mine: list[str] = []
        for name, value in _samples(_parsed(file, mine), file.stem, mine):
            found.append(_Reader(value, fit_text(name, notes, "names"), notes, mine).conversation())
        faults += [prefix + fault for fault in mine]
    seen: set[str] = set()
    for conversation in found:
        if conversation.name in seen:
            faults.append(f"two conversations are called {conversation.name!r}")
        seen.add(conversation.name)
    refuse(str(path), faults, HINT)
    return found


def parse_when(text: str) -> int:
    """Seconds since 1970 of LoCoMo's ``1:56 pm on 8 May, 2023``, taken as UTC. Raises `ValueError`."""
    match = _TIME.fullmatch(text)
    if match is None:
        raise ValueError(text)
    hour, minute, half, day, month, year = match.groups()
    if not 1 <= int(hour) <= 12 or month[:3].lower() not in _MONTHS:
        raise ValueError(text)
    at = int(hour) % 12 + (12 if half.lower() == "p" else 0)
    month_number = _MONTHS.index(month[:3].lower()) + 1
    return int(datetime(int(year), month_number, int(day), at, int(minute), tzinfo=UTC).timestamp())


def parse_evidence(raw: str) -> list[str]:
    """The turn ids in one evidence string: ``D8:6; D9:17`` has two, ``D:11:26`` and ``D30:05`` are repaired."""
    return [f"D{int(session)}:{int(turn)}" for session, turn in _EVIDENCE.findall(raw)]


def _parsed(file: Path, faults: list[str]) -> Any:
    try:
        data = file.read_bytes()
    except OSError as error:
        why = error.strerror or str(error)
        raise UsageError(f"cannot read {file}: {why}", "give the path of a JSON file or a folder of them") from None
    if not data.strip():
        faults.append("the file is empty")
        return None
    try:
        return json.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        faults.append(f"not UTF-8 text: byte {error.start} is {data[error.start]:#04x}")
    except json.JSONDecodeError as error:
        faults.append(f"not JSON, or only a part of it: line {error.lineno}, column {error.colno}: {error.msg}")
    except (RecursionError, ValueError) as error:
        faults.append(f"not JSON that can be read: {type(error).__name__}")
    return None


def _samples(value: Any, stem: str, faults: list[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each conversation of a file, flat, with its name."""
    if faults:
        return
    listed = value if isinstance(value, list) else [value]
    if not listed:
        faults.append("a list without conversations")
    for place, sample in enumerate(listed):
        where = f"conversation {place + 1}: " if isinstance(value, list) else ""
        if not isinstance(sample, dict):
            faults.append(f"{where}a conversation is an object, not {_kind(sample)}")
            continue
        flat = dict(sample)
        for part in ("conversation", "observation"):
            nested = flat.pop(part, {})
            if isinstance(nested, dict):
                flat |= nested
            else:
                faults.append(f"{where}{part} is an object, not {_kind(nested)}")
        given = sample.get("sample_id")
        plain = f"{stem}-{place + 1}" if isinstance(value, list) and len(listed) > 1 else stem
        yield given if isinstance(given, str) and given else plain, flat


class _Reader:
    """Reads one flat conversation, noting every fault."""

    def __init__(self, value: dict[str, Any], name: str, notes: Notes, faults: list[str]) -> None:
        self.value, self.name, self.notes, self.faults = value, name, notes, faults
        self.turn_ids: set[str] = set()

    def conversation(self) -> Conversation:
        speakers = []
        for key in ("speaker_a", "speaker_b"):
            speaker = self.value.get(key)
            if isinstance(speaker, str) and speaker.strip():
                speakers.append(self.text(speaker.strip()))
            else:
                self.faults.append(f"{key} is missing" if speaker is None else f"{key} is not a name")
        sittings = self.sittings()
        if not sittings and not any(_SESSION.fullmatch(key) for key in self.value):
            self.faults.append("no session_1: a conversation without a sitting")
        questions = self.questions()
        known = {*speakers, *(turn.speaker for sitting in sittings for turn in sitting.turns)}
        for other in sorted(known - set(speakers)):
            self.notes.add("speakers beside speaker_a and speaker_b", other)
            speakers.append(other)
        return Conversation(self.name, tuple(speakers), sittings, questions)

    def sittings(self) -> list[Sitting]:
        sittings = []
        numbers = sorted({int(m[1]) for key in self.value if (m := _SESSION.fullmatch(key))})
        for number in numbers:
            name = f"session_{number}"
            turns = self.turns(name)
            when = self.value.get(f"{name}_date_time")
            if when is None:
                self.faults.append(f"{name}_date_time is missing")
                continue
            try:
                time = parse_when(when)
            except (ValueError, TypeError):
                self.faults.append(f"{name}_date_time {when!r:.60} is not like '1:56 pm on 8 May, 2023'")
                continue
            sittings.append(Sitting(number, time, turns, self.facts(f"{name}_observation")))
        for key in self.value:
            if key.endswith("_date_time") and _SESSION.fullmatch(key[:-10]) and key[:-10] not in self.value:
                self.notes.add("dates of sittings that the file does not hold", f"{self.name} {key[:-10]}")
        for before, after in pairwise(sittings):
            if after.time < before.time:
                self.notes.add("sittings dated before the one ahead of them", f"{self.name} session_{after.number}")
        return sorted(sittings, key=lambda sitting: (sitting.time, sitting.number))

    def turns(self, name: str) -> list[Utterance]:
        turns: list[Utterance] = []
        value = self.value[name]
        if not isinstance(value, list):
            self.faults.append(f"{name} is a list of turns, not {_kind(value)}")
            return turns
        for place, turn in enumerate(value):
            where = f"{name}, turn {place + 1}"
            if not isinstance(turn, dict):
                self.faults.append(f"{where}: a turn is an object, not {_kind(turn)}")
                continue
            wrong = [key for key in ("speaker", "dia_id", "text") if not isinstance(turn.get(key), str)]
            if wrong:
                self.faults.append(f"{where}: missing or not text: {', '.join(wrong)}")
                continue
            ids = parse_evidence(turn["dia_id"])
            if len(ids) != 1:
                self.faults.append(f"{where}: dia_id {turn['dia_id']!r:.40} is not like 'D1:3'")
                continue
            caption = turn.get("blip_caption")
            picture = f"[image: {caption.strip()}]" if isinstance(caption, str) and caption.strip() else ""
            text = self.text(" ".join(part for part in (turn["text"].strip(), picture) if part))
            if not text or not turn["speaker"].strip():
                self.notes.add("turns without words or speaker, left out", f"{self.name} {turn['dia_id']}")
                continue
            if ids[0] in self.turn_ids:
                self.faults.append(f"{where}: {ids[0]} occurs more than once")
                continue
            self.turn_ids.add(ids[0])
            turns.append(Utterance(ids[0], self.text(turn["speaker"].strip()), text))
        return turns

    def facts(self, key: str) -> list[Observation]:
        """Observed facts ``{speaker: [[text, turn id or ids], …]}``; what has another shape is counted."""
        facts: list[Observation] = []
        value = self.value.get(key)
        if value is None:
            return facts
        listed = value.items() if isinstance(value, dict) else [("", None)]
        for speaker, rows in listed:
            for row in rows if isinstance(rows, list) else [None]:
                fact = self.fact(speaker, row)
                if fact is None:
                    self.notes.add("observed facts of another shape, left out", f"{self.name} {key}")
                else:
                    facts.append(fact)
        return facts

    def fact(self, speaker: str, row: Any) -> Observation | None:
        if not (isinstance(row, list) and len(row) == 2 and isinstance(row[0], str) and row[0].strip()):
            return None
        sources = row[1] if isinstance(row[1], list) else [row[1]]
        named = [i for text in sources if isinstance(text, str) for i in parse_evidence(text)]
        turns = tuple(dict.fromkeys(i for i in named if i in self.turn_ids))
        return Observation(self.text(speaker.strip()), self.text(row[0].strip()), turns)

    def questions(self) -> list[Question]:
        questions: list[Question] = []
        value = self.value.get("qa", [])
        if not isinstance(value, list):
            self.faults.append(f"qa is a list of questions, not {_kind(value)}")
            return questions
        for place, row in enumerate(value):
            if not isinstance(row, dict) or not isinstance(row.get("question"), str) or not row["question"].strip():
                self.faults.append(f"qa, entry {place + 1}: no question")
                continue
            category = row.get("category")
            category = category if type(category) is int and 1 <= category <= ADVERSARIAL else 0
            if not category:
                self.notes.add("questions without a category from 1 to 5", f"{self.name} {row['question']}")
            answer = row.get("answer")
            if isinstance(answer, bool | list | dict):
                self.notes.add("answers that are not text or a number, left out", f"{self.name} {row['question']}")
                answer = None
            if answer is None:
                kind = "adversarial" if category == ADVERSARIAL else "other"
                self.notes.add(f"{kind} questions without an answer")
            said = "" if answer is None else self.text(str(answer).strip())
            evidence = self.evidence(row.get("evidence", []), row["question"])
            questions.append(Question(place + 1, self.text(row["question"].strip()), said, evidence, category))
        return questions

    def evidence(self, value: Any, question: str) -> tuple[str, ...]:
        """The turns named as evidence: repaired where that is plain, else counted."""
        found: list[str] = []
        listed = value if isinstance(value, list) else [value]
        for raw in listed:
            text = raw if isinstance(raw, str) else json.dumps(raw)[:60]
            ids = parse_evidence(text)
            there = [i for i in ids if i in self.turn_ids]
            if len(there) < max(1, len(ids)):
                self.notes.add("evidence that names no turn", f"{self.name} {text}")
            elif not _CLEAN.fullmatch(text):
                self.notes.add("evidence repaired", f"{self.name} {text} -> {', '.join(there)}")
            found += there
        return tuple(dict.fromkeys(found))

    def text(self, text: str) -> str:
        return fit_text(text, self.notes, "texts")


def _kind(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "text", bool: "true or false", type(None): "null"}
    return names.get(type(value), "a number")
