"""``memento config``, gates and protected branches."""

from __future__ import annotations

import subprocess

import pytest

from memento.history.requirement import METRICS


class TestConfig:
    def test_sets_reads_lists_and_unsets(self, world):
        world("config", "user.name", "Ada Lovelace")
        assert world("config", "user.name").out == "Ada Lovelace\n"
        world("config", "user.name", "Grace")
        text = (world.folder / ".memento/config").read_text()
        assert "Ada" not in text
        git = ["git", "-C", str(world.folder / ".memento"), "config", "user.name"]
        assert subprocess.check_output(git, text=True) == "Grace\n"
        settings = world.json("config")["settings"]
        assert settings["user.name"] == "Grace"
        assert settings["core.bare"] == "true"
        world("config", "--unset", "user.name")
        assert world("config", "user.name").out == "memento\n"
        assert "no setting named" in world("config", "--unset", "user.name", code=2).err

    def test_a_branch_may_have_dots_and_slashes(self, world):
        world("config", "gate.feature/v1.0", "ndcg > 0.5")
        world("config", "gate.feature/v1.0.epochs", "3")
        world("config", "protected.feature/v1.0", "yes")
        settings = world.json("config")["settings"]
        assert settings["gate.feature/v1.0"] == "ndcg > 0.5"
        assert settings["gate.feature/v1.0.epochs"] == "3"
        assert settings["protected.feature/v1.0"] == "true"

    @pytest.mark.parametrize(
        ("words", "said"),
        [
            (("user.nam", "x"), "user.name"),
            (("usr.name", "x"), "user.name"),
            (("user", "x"), "no setting"),
            (("memento.durability", "none"), "full, fast"),
            (("memento.format", "9"), "can be read, not set"),
            (("user.name", "a <b>"), "not an author"),
            (("protected.main", "perhaps"), "neither true nor false"),
            (("gate.main", "ncdg > 1"), "did you mean ndcg"),
            (("gate.main.epochs", "0"), "from 1 to"),
            (("gate.main.modle", "linear"), "gate.main.model"),
            (("gate.main.model", "random"), "not one of"),
            (("gate.-x", "ndcg > 1"), "cannot be the name"),
            (("core.bare", "false"), "cannot be set"),
            (("core.filemode", "false"), "can be read, not set"),
            (("core.sshCommand", "evil"), "runs programs"),
            (("include.path", "x"), "reads other files"),
            (("remote.origin.url", "/x"), "memento remote"),
            (("branch.main.merge", "x"), "can be read, not set"),
            (("user.name", "a\nb"), "user.name"),
            (("user.name", "x", "--list"), "one thing at a time"),
        ],
    )
    def test_refuses(self, world, words, said):
        before = (world.folder / ".memento/config").read_bytes()
        assert said in world("config", *words, code=2).err
        assert (world.folder / ".memento/config").read_bytes() == before
        world("log", "-n", 1)

    def test_describes_what_there_is(self, world):
        assert "gate.NAME.override" in world("config", "--describe").out
        known = {setting["key"] for setting in world.json("config", "--describe")["known"]}
        assert known > {"user.name", "memento.rerere", "retention.rule", "protected.NAME", "gate.NAME"}
        world("config", "gc.auto", "0")


@pytest.fixture
def forked(world):
    """main, and trial with one edit more; the gate of main trains a linear model for one epoch."""
    world("fork", "main", "trial")
    world("edit", "trial", f"memory:{world.ids('memories')[0]}", "importance=0.11")
    world("config", "gate.main.model", "linear")
    world("config", "gate.main.epochs", 1)
    world("config", "gate.main.episodes", 20)
    return world


def tip(world, branch="main"):
    return world.json("log", branch, "-n", 1)["commits"][0]["id"]


class TestGate:
    def test_what_does_not_show_enough_is_kept_out(self, forked):
        forked("config", "gate.main", "ndcg >= 0.999 & violations == 0")
        before = tip(forked)
        done = forked("merge", "trial", "--into", "main", code=1)
        assert "ndcg is 0." in done.err
        assert "asked is >= 0.999" in done.err
        assert "–" in done.err
        assert "violations is" not in done.err
        assert "nothing was moved" in done.err
        assert "memento config gate.main" in done.hint
        assert tip(forked) == before
        again = forked("merge", "trial", "--into", "main", code=1)
        assert "Training" in done.err
        assert "Training" not in again.err
        assert forked.json("merge", "trial", "--into", "main", code=1)["kind"] == "GateFailed"
        forked("merge", "main", "--into", "trial")

    def test_what_shows_enough_gets_in(self, forked):
        forked("config", "gate.main", "ndcg > 0.1 & canary.recency >= 0 & flips(main) <= 100000")
        assert "measured when it is done" in forked("merge", "trial", "--into", "main", "--dry-run").hint
        assert "The gate of main holds: ndcg is" in forked("merge", "trial", "--into", "main").err
        assert tip(forked) == tip(forked, "trial")

    def test_a_merge_of_two_sides_is_judged_as_it_will_be(self, forked):
        memory = forked.ids("memories")[1]
        forked("edit", "main", f"memory:{memory}", "importance=0.22")
        forked("config", "gate.main", "flips(trial) < 0")
        before = tip(forked)
        for words in (("merge", "trial", "--into", "main"), ("cherry-pick", "trial", "--onto", "main")):
            assert "flips(trial) is" in forked(*words, code=1).err
        assert tip(forked) == before
        assert forked.json("status")["merge"] is None
        forked("config", "gate.main", "flips(trial) >= 0")
        assert "merged" in forked("merge", "trial", "--into", "main").err
        forked("undo")
        assert tip(forked) == before

    def test_no_gate_goes_past_it_only_where_that_is_allowed(self, forked):
        forked("config", "gate.main", "violations > 100")
        refused = forked("merge", "trial", "--into", "main", "--no-gate", code=2)
        assert "allows no exception" in refused.err
        forked("config", "gate.main.override", "true")
        assert "--no-gate" in forked("merge", "trial", "--into", "main", code=1).hint
        forked("merge", "trial", "--into", "main", "--no-gate")
        assert tip(forked) == tip(forked, "trial")

    def test_a_world_without_patterns_has_no_canaries(self, observed):
        observed("config", "gate.real", "canary.recency > 0.1")
        observed("config", "gate.real.model", "linear")
        observed("config", "gate.real.epochs", "1")
        observed("fork", "real", "next")
        observed("edit", "next", f"memory:{observed.ids('memories', 'next')[0]}", "importance=0.3")
        assert "cannot be measured" in observed("merge", "next", "--into", "real", code=1).err

    def test_a_gate_written_by_hand_is_checked_when_it_is_used(self, forked):
        with open(forked.folder / ".memento/config", "a") as file:
            file.write('[gate "main"]\n\trequire = nonsense here\n')
        assert "^" in forked("merge", "trial", "--into", "main", code=2).err

    def test_metrics_are_those_of_a_record(self, trained):
        trained("evaluate", "m.safetensors", "main", "--baselines", "all", "--contracts", "--episodes", 5)
        found = set(trained.json("runs")["runs"][0]["metrics"])
        unplanted = {"contract.session", "contract.combined"}  # no gaps and no conjunctions in this world
        assert found == set(METRICS) - unplanted


class TestProtected:
    @pytest.fixture
    def kept(self, forked):
        forked("config", "protected.main", "true")
        return forked

    def test_takes_merges_only(self, kept):
        before = tip(kept)
        memory = kept.ids("memories")[0]
        done = kept("edit", "main", f"memory:{memory}", "importance=0.5", code=1)
        assert "protected" in done.err
        assert "memento merge NAME --into main" in done.hint
        kept("branch", "-m", "main", "other", code=1)
        kept("switch", "trial")
        kept("branch", "-d", "main", code=1)
        assert tip(kept) == before
        kept("merge", "trial", "--into", "main")
        assert tip(kept) == tip(kept, "trial")
        kept("undo")
        assert tip(kept) == before
        assert kept.json("query", "protected()")["branches"] == ["main"]

    def test_its_history_cannot_be_rewritten(self, kept):
        kept("fork", "main", "base", "--at", "~2")
        memory = kept.ids("memories")[1]
        kept("edit", "base", f"memory:{memory}", "importance=0.42")
        before = tip(kept)
        for words in (("rebase", "base", "--branch", "main"), ("squash", "--last", "2")):
            assert kept(*words, code=None).code in (1, 2)
        assert tip(kept) == before
        kept("cherry-pick", "base", "--onto", "main")
        assert tip(kept) != before

    def test_taken_away_it_is_a_branch_like_any(self, kept):
        kept("config", "--unset", "protected.main")
        kept("edit", "main", f"memory:{kept.ids('memories')[0]}", "importance=0.5")
