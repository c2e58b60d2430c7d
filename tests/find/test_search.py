from __future__ import annotations

import math
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memento.errors import UsageError
from memento.find import search as module
from memento.find.index import Cache, build, from_bytes, to_bytes
from memento.find.search import K1, B, K, bm25, search
from memento.language.embed import tokenize
from memento.world import tree
from memento.world.objects import MemoryObjects
from memento.world.records import TABLES
from memento.world.table import Table
from memento.world.tree import Delta
from memento.world.world import Manifest, World

START = 1_767_225_600
TEXTS = [
    "The deploy target of billing is us-east",
    "Ana deploys billing on Fridays",
    "Billing was deployed twice",
    "The coffee order of Ana is an oat flat white",
    "Tests of the parser run at night",
    "The deployment of the parser failed; deploy it again and deploy it late",
]


def memories(texts: list[str], **columns: list[Any]) -> Table:
    rows = {"id": [f"m-{n}" for n in range(len(texts))], "text": texts, "created_at": [START] * len(texts)}
    return Table.from_columns(TABLES["memories"], rows | columns)


def stored(table: Table) -> tuple[MemoryObjects, str]:
    store = MemoryObjects()
    return store, tree.write(store, World.build(Manifest(clock=START), {"memories": table}))


def ids(hits: list[module.Hit]) -> list[str]:
    return [hit.record["id"] for hit in hits]


def test_texts_that_hold_the_words_come_first() -> None:
    store, tree_id = stored(memories(TEXTS))
    assert ids(search(store, tree_id, "coffee"))[0] == "m-3"
    assert ids(search(store, tree_id, "billing deploy target"))[0] == "m-0"
    assert set(ids(search(store, tree_id, "deploy"))) == {"m-0", "m-1", "m-2", "m-5"}
    assert ids(search(store, tree_id, "night parser", 1)) == ["m-4"]
    assert search(store, tree_id, "zebra") == []
    with pytest.raises(UsageError, match="has no word"):
        search(store, tree_id, " ?! ")


def test_the_joined_score_is_the_sum_of_reciprocal_ranks() -> None:
    store, tree_id = stored(memories(TEXTS))
    hits = search(store, tree_id, "deploy the parser")
    first = sorted(hits, key=lambda hit: (-hit.bm25, hit.record["id"]))
    second = sorted(hits, key=lambda hit: (-hit.cosine, hit.record["id"]))
    for hit in hits:
        expected = 1 / (K + 1 + first.index(hit)) + 1 / (K + 1 + second.index(hit))
        assert hit.score == pytest.approx(expected, abs=1e-15)
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)


def plain_bm25(texts: list[str], words: list[str]) -> list[float]:
    """By the formula of Robertson & Zaragoza (2009), one text at a time."""
    documents = [tokenize(text) for text in texts]
    mean = max(sum(map(len, documents)) / len(documents), 1)
    scores = [0.0] * len(texts)
    for word in words:
        holds = sum(word in document for document in documents)
        for place, document in enumerate(documents):
            count = Counter(document)[word]
            if count:
                rarity = math.log(1 + (len(texts) - holds + 0.5) / (holds + 0.5))
                norm = K1 * (1 - B + B * len(document) / mean)
                scores[place] += rarity * count * (K1 + 1) / (count + norm)
    return scores


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.lists(st.sampled_from(["a", "bb", "ccc", "x1"]), max_size=6).map(" ".join), min_size=1, max_size=9),
    st.lists(st.sampled_from(["a", "bb", "ccc", "x1", "no"]), min_size=1, max_size=3, unique=True),
)
def test_bm25_is_the_formula(texts: list[str], words: list[str]) -> None:
    table = memories(texts)
    assert bm25(build(table), words).tolist() == pytest.approx(plain_bm25(texts, words))


def test_a_word_stands_for_those_like_it() -> None:
    index = build(memories([*TEXTS, "region 1234 and regions 12345"]))

    def like(word: str) -> dict[str, float]:
        return {index.words[number]: round(likeness, 2) for number, likeness in index.like(word)}

    assert like("deploy") == {"deploy": 1.0, "deploys": 0.77, "deployed": 0.71, "deployment": 0.62}
    assert like("deplyo") == {}
    assert like("parsers") == {"parser": 0.77}
    assert like("1234") == {"1234": 1.0}
    assert like("the") == {"the": 1.0}


def test_states_projects_and_ties() -> None:
    table = memories(
        ["same words here"] * 12,
        deleted=[n in (2, 3) for n in range(12)],
        superseded_by=["m-5" if n == 3 else "" for n in range(12)],
        project=["p" if n % 2 else "" for n in range(12)],
    )
    store, tree_id = stored(table)
    hits = search(store, tree_id, "words", 20)
    assert ids(hits) == [f"m-{n}" for n in range(12)]
    assert [hit.state for hit in hits[1:5]] == ["live", "deleted", "superseded", "live"]
    assert ids(search(store, tree_id, "words", 20, live=True)) == [f"m-{n}" for n in range(12) if n not in (2, 3)]
    assert ids(search(store, tree_id, "words", 2, project="p", live=True)) == ["m-1", "m-5"]
    with pytest.raises(UsageError, match="no memory belongs to project 'q'") as caught:
        search(store, tree_id, "words", project="q")
    assert "projects: p" in caught.value.hint


def test_an_empty_world() -> None:
    store, tree_id = stored(Table.empty(TABLES["memories"]))
    assert search(store, tree_id, "anything") == []


def test_an_index_is_kept_by_the_memories_it_is_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store, tree_id = stored(memories(TEXTS))
    cache = Cache(tmp_path / "deep" / "folder")
    expected = search(store, tree_id, "deploy")
    made: list[int] = []
    plain = module.build
    monkeypatch.setattr(module, "build", lambda table: made.append(len(table)) or plain(table))
    sessions = Table.from_records(TABLES["sessions"], [{"id": "s", "started_at": START, "ended_at": START}])
    other = tree.apply(store, tree_id, Delta({"sessions": sessions}))
    for at in (tree_id, tree_id, other):
        assert search(store, at, "deploy", cache=cache) == expected
    assert len(made) == 1
    changed = tree.apply(store, tree_id, Delta({"memories": memories(["deploy deploy"])}))
    assert ids(search(store, changed, "deploy", cache=cache))[0] in ("m-0", "m-5")
    assert len(made) == 2


def test_a_broken_index_is_made_again(tmp_path: Path) -> None:
    store, tree_id = stored(memories(TEXTS))
    cache = Cache(tmp_path)
    expected = search(store, tree_id, "deploy", cache=cache)
    (place,) = tmp_path.iterdir()
    good = place.read_bytes()
    for data in (b"", good[:50], good[:-1], good[:400] + bytes([good[400] ^ 1]) + good[401:], b"x" * 1000):
        place.write_bytes(data)
        assert search(store, tree_id, "deploy", cache=cache) == expected
        assert place.read_bytes() == good


def test_an_index_that_lies_is_refused() -> None:
    index = build(memories(TEXTS))
    for name, wrong in (
        ("rows", index.rows + 100), ("starts", index.starts[::-1]), ("flags", index.flags[:-1]),
        ("keys", index.keys[:-1]), ("words", index.words[:-1]),
        ("counts", index.counts[:-1]), ("lengths", index.lengths[1:]),
    ):  # fmt: skip
        broken = build(memories(TEXTS))
        object.__setattr__(broken, name, wrong)
        with pytest.raises(ValueError, match="not an index"):
            from_bytes(to_bytes(broken))


@pytest.mark.parametrize("texts", [TEXTS, [], ["?!"]])
def test_an_index_comes_back_as_it_was(texts: list[str]) -> None:
    index = build(memories(texts))
    again = from_bytes(to_bytes(index))
    assert (again.keys, again.words, again.projects) == (index.keys, index.words, index.projects)
    for name in ("project", "flags", "lengths", "starts", "rows", "counts"):
        assert np.array_equal(getattr(again, name), getattr(index, name))
    assert to_bytes(again) == to_bytes(index)


def test_the_folder_stays_within_its_limit(tmp_path: Path) -> None:
    index = build(memories(TEXTS))
    cache = Cache(tmp_path, limit=2 * len(to_bytes(index)))
    for name in ("a", "b", "c"):
        cache.put(name, index)
    assert cache.get("c") is not None
    assert len(list(tmp_path.iterdir())) == 2
    Cache(tmp_path / "a" / "below a file").put("x", index)
