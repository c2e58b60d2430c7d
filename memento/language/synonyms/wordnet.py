"""WordNet's synonym sets, from the plain files that Debian's ``wordnet-base`` installs.

Format: wndb(5WN). A line of ``index.POS`` gives a lemma and the offsets of its senses, a line of
``data.POS`` a set at its offset. Only lemmas of a single sense are taken, so that what a word means is not
in doubt (Miller 1995; Fellbaum 1998).
"""

from __future__ import annotations

import os
from pathlib import Path

from memento.errors import UsageError

_PARTS = {"noun": "n", "verb": "v", "adj": "a", "adv": "a"}
_FOLDERS = ("/usr/share/wordnet", "/usr/share/wordnet/dict", "/usr/local/WordNet-3.0/dict")


def folder() -> Path | None:
    """Where WordNet's files are: ``WNSEARCHDIR``, else where packages put them; None where they are not."""
    given = os.environ.get("WNSEARCHDIR")
    for path in (given,) if given else _FOLDERS:
        if (Path(path) / "data.noun").is_file():
            return Path(path)
    return None


def read(where: Path | None = None) -> list[tuple[str, tuple[str, ...]]]:
    """The sets of two words or more of a single sense each, by part of speech, in the order of the files.

    Raises `UsageError` where WordNet is not installed.
    """
    where = where or folder()
    if where is None:
        raise UsageError(
            "WordNet is not installed here",
            "`apt install wordnet-base`, or set WNSEARCHDIR to the folder of its files; lexicon=own needs neither",
        )
    found = []
    for name, part in _PARTS.items():
        index, data = where / f"index.{name}", where / f"data.{name}"
        if not index.is_file() or not data.is_file():
            continue
        single = _single_sense(index.read_text("latin-1"))
        for line in data.read_text("latin-1").splitlines():
            words = [word for word in _words(line) if word in single]
            if len(words) > 1:
                found.append((part, tuple(words)))
    return found


def _single_sense(text: str) -> set[str]:
    """The lemmas of an index that have one sense: plain words, no expressions."""
    found = set()
    for line in text.splitlines():
        if line.startswith(" "):
            continue
        fields = line.split()
        if len(fields) > 2 and fields[2] == "1" and fields[0].isalpha():
            found.add(fields[0])
    return found


def _words(line: str) -> list[str]:
    """The words of a set, lower-case ones alone: ``offset lexfile type count (word id)...``, the count in hex."""
    if line.startswith(" "):
        return []
    fields = line.split()
    try:
        count = int(fields[3], 16)
    except (IndexError, ValueError):
        return []
    words = fields[4 : 4 + 2 * count : 2]
    return [word.partition("(")[0] for word in words if word.islower()]
