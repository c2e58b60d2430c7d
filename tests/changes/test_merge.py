"""Merges as their users meet them: sessions, threads, supersession, contradictions and their fixes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from world.worlds import DAY, START, Change, State, base_state, changed, state_of, store_world

from memento.changes.conflict import Resolution, Violation
from memento.changes.merge import MergeResult, merge_trees
from memento.errors import InvalidFile, UsageError
from memento.world import tree
from memento.world.check import check
from memento.world.objects import MemoryObjects
from memento.world.world import Manifest


class Case:
    """Two edits of the base world in one store."""

    def __init__(
        self, ours: list[Change], theirs: list[Change], before: Sequence[Change] = (), manifests: Any = None
    ) -> None:
        self.store = MemoryObjects()
        start = changed(base_state(), list(before))
        names = {"base": start, "ours": changed(start, ours), "theirs": changed(start, theirs)}
        self.trees = {n: store_world(s, self.store, (manifests or {}).get(n))[1] for n, s in names.items()}

    def merge(self, *resolutions: Resolution, **options: Any) -> MergeResult:
        trees = self.trees
        return merge_trees(self.store, [trees["base"]], trees["ours"], trees["theirs"], resolutions, **options)

    def state(self, result: MergeResult) -> State:
        return state_of(tree.read(self.store, result.tree_id))


def put(table: str, key: str, **values: Any) -> Change:
    return ("put", table, key, values)


def drop(table: str, key: str) -> Change:
    return ("drop", table, key, {})


def turn(key: str, text: str, parent: str | None, **more: Any) -> Change:
    return put("turns", key, id=key, session=key.partition(".")[0], text=text, parent=parent, **more)


def memory(key: str, **values: Any) -> Change:
    return put("memories", key, **{"id": key, "text": key, "created_at": START + 40 * DAY, **values})


def session(key: str, day: int, **values: Any) -> Change:
    at = START + day * DAY
    return put("sessions", key, id=key, started_at=at, ended_at=at + 600, **values)


# ── fields, records, sessions ────────────────────────────────────────────────────────────────────


def test_both_sides_of_one_record_come_together() -> None:
    case = Case(
        [put("memories", "m-1", importance=0.9, prior_accesses=5)],
        [put("memories", "m-1", text="new", prior_accesses=3)],
    )
    result = case.merge()
    assert result.clean
    merged = case.state(result)["memories"]["m-1"]
    assert (merged["importance"], merged["text"], merged["prior_accesses"]) == (0.9, "new", 6)
    assert result.ours == {"memories": {"added": 0, "removed": 0, "changed": 1}}


def test_delete_against_modify_keeps_the_record_until_it_is_decided() -> None:
    case = Case([drop("memories", "m-3")], [put("memories", "m-3", text="new")])
    (conflict,) = case.merge().conflicts
    assert conflict.explanation("main", "trial") == "memory:m-3 is deleted in main and changed in trial"
    assert case.state(case.merge())["memories"]["m-3"]["text"] == "new"
    for choice, text in (("ours", None), ("theirs", "new"), ("base", "fact 3")):
        merged = case.state(case.merge(conflict.resolution(choice)))["memories"]
        assert merged.get("m-3", {}).get("text") == text
    own = case.state(case.merge(conflict.resolution("value", {"text": "own"})))["memories"]["m-3"]
    assert (own["text"], own["id"]) == ("own", "m-3")


def test_a_deleted_session_against_new_turns_is_one_conflict_of_the_session() -> None:
    more = [turn("s-1.2", "and?", "s-1.1"), put("candidates", "s-1/m-0", used=True), put("sessions", "s-2", score=0.5)]
    case = Case([drop("sessions", "s-1")], more)
    result = case.merge()
    (conflict,) = result.conflicts
    assert (conflict.table, conflict.key, conflict.kind, conflict.ours) == ("sessions", "s-1", "delete/modify", None)
    assert "said and offered in it" in conflict.explanation()
    kept = case.state(result)
    assert {"s-1.0", "s-1.1", "s-1.2"} <= kept["turns"].keys()
    assert kept["candidates"]["s-1/m-0"]["used"]
    assert kept["sessions"]["s-2"]["score"] == 0.5
    gone = case.state(case.merge(conflict.resolution("ours")))
    assert {t["session"] for t in gone["turns"].values()} == {"s-2"}
    before = case.state(case.merge(conflict.resolution("base")))
    assert "s-1.2" not in before["turns"]
    assert not before["candidates"]["s-1/m-0"]["used"]
    scored = case.state(case.merge(conflict.resolution("value", {"score": 0.75})))
    assert scored["sessions"]["s-1"]["score"] == 0.75
    assert "s-1.2" in scored["turns"]


def test_the_same_with_the_sides_exchanged() -> None:
    case = Case([turn("s-1.2", "and?", "s-1.1")], [drop("sessions", "s-1")])
    (conflict,) = case.merge().conflicts
    assert case.merge().tree_id == case.trees["ours"]
    assert "s-1" not in case.state(case.merge(conflict.resolution("theirs")))["sessions"]
    base = case.merge(conflict.resolution("base"))
    assert base.tree_id == case.trees["base"]


def test_a_session_deleted_on_one_side_alone_goes() -> None:
    case = Case([drop("sessions", "s-1")], [put("memories", "m-1", text="x"), drop("turns", "s-1.1")])
    result = case.merge()
    assert result.clean
    assert "s-1" not in case.state(result)["sessions"]


def test_a_turn_moved_out_of_a_deleted_session_stays() -> None:
    case = Case([drop("sessions", "s-1")], [put("turns", "s-1.1", session="s-2", parent=None)])
    result = case.merge()
    assert [(c.table, c.key) for c in result.conflicts] == [("turns", "s-1.1")]
    assert case.state(result)["turns"]["s-1.1"]["session"] == "s-2"
    assert "s-1.1" not in case.state(case.merge(policy="ours"))["turns"]


def test_sessions_of_both_sides_stand_in_order_of_time() -> None:
    case = Case([session("s-x", 5), session("s-y", 1)], [session("s-z", 3)])
    world = tree.read(case.store, case.merge().tree_id)
    assert world.sessions.keys.index("s-z") < world.sessions.keys.index("s-x")
    assert sorted(world.sessions["started_at"]) == world.sessions["started_at"].tolist()


# ── threads ──────────────────────────────────────────────────────────────────────────────────────


def test_alternatives_become_sibling_threads() -> None:
    ours = [turn("s-1.2", "left", "s-1.1"), turn("s-1.3", "left again", "s-1.2")]
    theirs = [
        turn("s-1.2", "right", "s-1.1"),
        turn("s-1.3", "right again", "s-1.2"),
        turn("s-1.4", "right end", "s-1.3"),
    ]
    case = Case(ours, theirs)
    result = case.merge()
    assert result.clean
    turns = case.state(result)["turns"]
    texts = {t["text"]: t for t in turns.values() if t["session"] == "s-1"}
    assert len(texts) == 7
    assert texts["left"]["parent"] == texts["right"]["parent"] == "s-1.1"
    for side, last in (("left", "left again"), ("right", "right again")):
        assert turns[texts[last]["parent"]]["text"] == side
    assert turns[texts["right end"]["parent"]]["text"] == "right again"
    other = merge_trees(case.store, [case.trees["base"]], case.trees["theirs"], case.trees["ours"])
    assert other.tree_id == result.tree_id


def test_the_same_turn_on_both_sides_is_one() -> None:
    ours, theirs = turn("s-1.2", "same", "s-1.1", cites=["m-0"]), turn("s-1.2", "same", "s-1.1", cites=["m-1"])
    result = (case := Case([ours], [theirs])).merge()
    assert result.clean
    assert case.state(result)["turns"]["s-1.2"]["cites"] == ["m-0", "m-1"]


# ── the manifest ─────────────────────────────────────────────────────────────────────────────────


def test_the_clock_takes_the_later_and_the_rest_conflicts() -> None:
    manifests = {
        "base": Manifest(clock=1, seed=0, patterns={"recency": {"weight": 0.3}}),
        "ours": Manifest(clock=7, seed=1, patterns={"recency": {"weight": 0.4}}),
        "theirs": Manifest(clock=5, seed=2, patterns={"recency": {"weight": 0.3}, "entity": {"weight": 0.1}}),
    }
    case = Case([], [], manifests=manifests)
    result = case.merge()
    (conflict,) = result.conflicts
    assert (conflict.place, conflict.kind, conflict.base) == ("manifest.seed", "manifest", 0)
    merged = tree.read_manifest(case.store, result.tree_id)
    assert (merged.clock, merged.seed) == (7, 1)
    assert merged.patterns == {"recency": {"weight": 0.4}, "entity": {"weight": 0.1}}
    own = case.merge(conflict.resolution("value", conflict.parse_value("9")))
    assert tree.read_manifest(case.store, own.tree_id).seed == 9
    with pytest.raises(UsageError, match="wrong kind"):
        case.merge(conflict.resolution("value", "nine"))


# ── contradictions ───────────────────────────────────────────────────────────────────────────────


def kinds(result: MergeResult) -> list[str]:
    return [v.kind for v in result.violations]


def fixed(case: Case, violation: Violation, number: int = 1) -> State:
    result = case.merge(violation.resolution("fix", number))
    assert result.clean, [v.message for v in result.violations]
    state = case.state(result)
    assert check(tree.read(case.store, result.tree_id), undated=True) == []
    return state


def test_a_lost_reference_can_be_restored_or_dropped() -> None:
    theirs = [drop("entities", "e-2"), drop("dependencies", "d-1"), drop("aspects", "a-2")]
    theirs += [put("memories", f"m-{n}", entity=None) for n in (2, 3)]
    case = Case([memory("m-9", entity="e-2", aspect="a-2")], theirs)
    first, second = case.merge().violations
    assert {first.kind, second.kind} == {"dangling reference"}
    assert first.place == "memory:m-9"
    result = case.merge(first.resolution("fix", 1), second.resolution("fix", 1))
    assert result.clean
    restored = case.state(result)
    assert "a-2" in restored["aspects"]
    assert "e-2" in restored["entities"]
    result = case.merge(first.resolution("fix", 2), second.resolution("fix", 2))
    dropped = case.state(result)["memories"]["m-9"]
    assert (dropped["entity"], dropped["aspect"]) == (None, None)
    result = case.merge(first.resolution("fix", 3))
    assert result.clean
    assert "m-9" not in case.state(result)["memories"]


def test_a_parents_own_contradiction_is_not_the_merges() -> None:
    dangling = [memory("m-9", entity="e-9")]
    assert Case(dangling, [memory("m-8", entity="e-1")]).merge().clean
    case = Case([memory("m-8")], [memory("m-7")], before=dangling)
    assert case.merge().clean


def test_superseding_each_other_is_a_cycle() -> None:
    case = Case(
        [put("memories", "m-2", superseded_by="m-3", deleted=True)],
        [put("memories", "m-3", superseded_by="m-2", deleted=True)],
    )
    found = {v.kind: v for v in case.merge().violations}
    assert set(found) == {"supersession cycle"}
    state = fixed(case, found["supersession cycle"])
    assert not state["memories"]["m-3"]["deleted"]
    assert state["memories"]["m-2"]["superseded_by"] == "m-3"


def test_superseding_one_memory_twice() -> None:
    old = {"superseded_by": None, "deleted": True}
    facts = {"entity": "e-1", "aspect": "a-1"}
    start = [put("memories", "m-1", deleted=True)]
    case = Case(
        [memory("m-8", value="south", **facts), put("memories", "m-0", **old | {"superseded_by": "m-8"})],
        [
            memory("m-9", value="west", created_at=START + 50 * DAY, **facts),
            put("memories", "m-0", **old | {"superseded_by": "m-9"}),
        ],
        before=start,
    )
    result = case.merge()
    (conflict,) = result.conflicts
    assert (conflict.key, conflict.field) == ("m-0", "superseded_by")
    (violation,) = result.violations
    assert violation.kind == "two live values"
    assert violation.involved == ("memory:m-8", "memory:m-9")
    done = case.merge(conflict.resolution("theirs"), violation.resolution("fix", 1))
    assert done.clean
    memories = case.state(done)["memories"]
    assert (memories["m-8"]["superseded_by"], memories["m-9"]["deleted"]) == ("m-9", False)
    other = case.state(case.merge(conflict.resolution("theirs"), violation.resolution("fix", 2)))["memories"]
    assert (other["m-8"]["deleted"], other["m-9"]["deleted"]) == (False, True)


def test_two_live_values_of_a_single_valued_aspect() -> None:
    case = Case(
        [memory("m-8", entity="e-1", aspect="a-1", value="south")],
        [put("aspects", "a-1", single_valued=True)],
        before=[put("aspects", "a-1", single_valued=False)],
    )
    (violation,) = case.merge().violations
    assert "can hold one value and has 2" in violation.message
    state = fixed(case, violation, len(violation.fixes))
    assert not state["aspects"]["a-1"]["single_valued"]


def test_a_new_turn_that_cites_what_the_other_side_deleted() -> None:
    case = Case([put("memories", "m-3", deleted=True)], [turn("s-2.2", "as I said", "s-2.1", cites=["m-3"])])
    (violation,) = case.merge().violations
    assert violation.kind == "cites a deleted memory"
    assert fixed(case, violation, 1)["turns"]["s-2.2"]["cites"] == []
    assert not fixed(case, violation, 2)["memories"]["m-3"]["deleted"]


def test_a_turn_that_cited_it_before_is_history() -> None:
    said = [turn("s-2.2", "as I said", "s-2.1", cites=["m-3"])]
    assert Case([put("memories", "m-3", deleted=True)], [memory("m-9")], before=said).merge().clean
    newer = [memory("m-9", created_at=START + 20 * DAY), put("memories", "m-3", deleted=True, superseded_by="m-9")]
    assert Case(newer, said).merge().clean
    late = [session("s-9", 25), turn("s-9.0", "as I said", None, cites=["m-3"])]
    case = Case(newer, late)
    (violation,) = case.merge().violations
    assert fixed(case, violation, 1)["turns"]["s-9.0"]["cites"] == ["m-9"]


def test_a_new_session_that_is_given_what_the_other_side_retired() -> None:
    newer = [memory("m-9", created_at=START + 20 * DAY), put("memories", "m-3", deleted=True, superseded_by="m-9")]
    late = [session("s-9", 25), put("candidates", "s-9/m-3", session="s-9", memory="m-3", injected=True, rank=2)]
    for case in (Case(newer, late), Case(late, newer)):
        (violation,) = case.merge().violations
        assert violation.kind == "injects a deleted memory"
        assert "superseded at" in violation.message
        assert [fix.words.partition(" ")[0] for fix in violation.fixes] == ["give", "let", "restore"]
        first = fixed(case, violation, 1)["candidates"]
        assert (first["s-9/m-3"]["injected"], first["s-9/m-9"]["injected"], first["s-9/m-9"]["rank"]) == (
            False,
            True,
            2,
        )
        assert not fixed(case, violation, 2)["candidates"]["s-9/m-3"]["injected"]
        assert not fixed(case, violation, 3)["memories"]["m-3"]["deleted"]
    offered = [session("s-9", 25), put("candidates", "s-9/m-3", session="s-9", memory="m-3")]
    assert Case(newer, offered).merge().clean
    early = [session("s-9", 15), put("candidates", "s-9/m-3", session="s-9", memory="m-3", injected=True)]
    assert Case(newer, early).merge().clean


def test_a_label_against_the_preference_of_the_other_side() -> None:
    said = [turn("s-1.2", "left", "s-1.1", cites=["m-1"]), turn("s-1.3", "right", "s-1.1", cites=["m-2"])]
    right = [put("turns", "s-1.2", preference=0.0), put("turns", "s-1.3", preference=1.0)]
    used = [put("candidates", "s-1/m-1", used=True)]
    for case in (Case(right, used, before=said), Case(used, right, before=said)):
        (violation,) = case.merge().violations
        assert (violation.kind, violation.place) == ("label against preference", "candidate:s-1/m-1")
        assert violation.involved == ("memory:m-1", "turn:s-1.2")
        assert not fixed(case, violation, 1)["candidates"]["s-1/m-1"]["used"]
        turns = fixed(case, violation, 2)["turns"]
        assert (turns["s-1.2"]["preference"], turns["s-1.3"]["preference"]) == (1.0, 0.0)
    useless = Case(right, [put("candidates", "s-1/m-2", relevance=0.1)], before=said)
    (violation,) = useless.merge().violations
    assert "the chosen turn s-1.3 cites it" in violation.message
    first = fixed(useless, violation, 1)["candidates"]["s-1/m-2"]
    assert (first["used"], first["relevance"]) == (True, None)
    assert fixed(useless, violation, 2)["turns"]["s-1.3"]["preference"] is None
    assert Case([], used, before=[*said, *right]).merge().clean  # one side's own affair


def test_time_and_retirement_across_sides() -> None:
    case = Case([put("entities", "e-1", retired_at=START + 5 * DAY)], [session("s-9", 9, topic="e-1")])
    (violation,) = case.merge().violations
    assert violation.kind == "acts after retirement"
    assert fixed(case, violation)["entities"]["e-1"]["retired_at"] == START + 9 * DAY
    backwards = Case(
        [put("sessions", "s-1", ended_at=START + DAY + 100)], [put("sessions", "s-1", started_at=START + DAY + 300)]
    )
    (violation,) = backwards.merge().violations
    assert violation.kind == "time runs backwards"
    assert fixed(backwards, violation)["sessions"]["s-1"]["ended_at"] == START + DAY + 300
    early = Case(
        [put("memories", "m-3", created_at=START + 9 * DAY)],
        [put("candidates", "s-1/m-3", session="s-1", memory="m-3")],
    )
    (violation,) = early.merge().violations
    assert "s-1/m-3" not in fixed(early, violation)["candidates"]


def test_a_violation_can_be_accepted_or_fixed_by_policy() -> None:
    case = Case([put("memories", "m-3", deleted=True)], [turn("s-2.2", "as I said", "s-2.1", cites=["m-3"])])
    (violation,) = case.merge().violations
    accepted = case.merge(violation.resolution("accept"))
    assert accepted.clean
    assert accepted.accepted == (violation,)
    assert accepted.tree_id == case.merge().tree_id
    by_policy = case.merge(violation_policy="fix")
    assert by_policy.clean
    assert case.state(by_policy)["turns"]["s-2.2"]["cites"] == []


def test_answers_that_do_not_fit() -> None:
    case = Case([put("memories", "m-1", text="a")], [put("memories", "m-1", text="b")])
    (conflict,) = case.merge().conflicts
    with pytest.raises(UsageError, match="does not resolve a conflict"):
        case.merge(Resolution(conflict.id, "fix", []))
    with pytest.raises(UsageError, match="is not text"):
        case.merge(Resolution(conflict.id, "value", 7))
    stale = Resolution("c0000000000", "ours")
    assert case.merge(stale).conflicts == (conflict,)
    cites = Case([put("memories", "m-3", deleted=True)], [turn("s-2.2", "as", "s-2.1", cites=["m-3"])])
    (violation,) = cites.merge().violations
    with pytest.raises(InvalidFile, match="no turn named 'nowhere'"):
        cites.merge(Resolution(violation.id, "fix", [{"set": "turn:nowhere", "values": {"text": "x"}}]))


def test_a_resolution_cannot_put_a_turn_into_a_session_that_is_not_there() -> None:
    case = Case(
        [put("turns", "s-1.1", session="s-2", parent=None)],
        [put("turns", "s-1.1", session="s-3", parent=None)],
        [session("s-3", 4)],
    )
    (conflict,) = case.merge().conflicts
    with pytest.raises(UsageError, match=r"turn:s-1\.1 into session nowhere"):
        case.merge(conflict.resolution("value", "nowhere"))


def test_a_dry_merge_writes_nothing_below() -> None:
    case = Case([put("memories", "m-1", text="a")], [put("memories", "m-2", text="b")])
    before = dict(case.store.objects)
    above = MemoryObjects(case.store)
    merge_trees(above, [case.trees["base"]], case.trees["ours"], case.trees["theirs"])
    assert case.store.objects == before
    assert above.objects
