"""The demonstration, step by step: what each command of memento is for, on one small world.

Every step is done through the same calls as the command lines that it names, so that whoever types
those gets the same commits and the same digests.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import memento
from memento.demo import edits, folder, look
from memento.demo.edits import EARLY, LATE
from memento.demo.narrator import Narrator
from memento.demo.outcome import Fork, Merged, Moved, NoisePoint, Outcome, Rendered, Step
from memento.errors import UsageError
from memento.scenario import load
from memento.workspace import Workspace
from memento.world.values import format_time

if TYPE_CHECKING:
    from memento.render.rendering import Rendering
    from memento.scenario import Scenario
    from memento.train import Epoch, Run
    from memento.validate import Report
    from memento.validate.canary import Canaries

TAG = "merged"
SCENARIO, SEED = "night-owl", 7
SIGNET_EPOCHS = 15
EPISODES = 300
_WEEK = 7 * 86_400


@dataclass(frozen=True)
class Settings:
    """What to demonstrate on. `epochs` at most for the main model; None is the model's own number."""

    scenario: str = SCENARIO
    seed: int = SEED
    epochs: int | None = None
    episodes: int = EPISODES
    overrides: dict[str, str] = field(default_factory=dict)


def tell(directory: Path, settings: Settings, narrator: Narrator, force: bool = False) -> Outcome:
    """Runs the demonstration in `directory` and writes its report there.

    Raises `UsageError` for a folder that holds anything but a former demonstration, or that and no
    `force`; a scenario that cannot be read leaves nothing behind.
    """
    scenario = load(settings.scenario, settings.overrides)
    folder.prepare(directory, force)
    from memento.train.threads import one_thread

    with Workspace.init(directory) as workspace, one_thread():
        outcome = _Story(directory, settings, scenario, narrator, workspace).run()
    from memento.demo.report import page
    from memento.files import write_text

    write_text(directory / folder.REPORT, page(outcome))
    folder.record(directory, {"complete": True, **outcome.to_map()})
    return outcome


class _Story:
    def __init__(
        self, directory: Path, settings: Settings, scenario: Scenario, narrator: Narrator, workspace: Workspace
    ) -> None:
        self.directory, self.settings, self.scenario = directory, settings, scenario
        self.narrator, self.workspace = narrator, workspace
        self.steps: list[Step] = []

    def run(self) -> Outcome:
        repository = self.workspace.repository
        self._simulate()
        plan = self._fork()
        forks = self._edit(plan)
        merged = self._merge()
        rendered, rendering = self._render()
        moved = self._compare(rendering)
        run, signet = self._train(rendering)
        report, compared = self._evaluate(run, signet)
        canaries, curve = self._ask(run)
        verified = self._verify(run)
        return Outcome(
            version=memento.__version__,
            directory=str(self.directory),
            seed=self.settings.seed,
            world=look.glance(self.workspace.world_at("main")),
            commits=look.commits(repository, ["main", EARLY, LATE]),
            forks=forks,
            merged=merged,
            moved=moved,
            rendered=rendered,
            trained=(look.trained(run, folder.MODEL), look.trained(signet, folder.SIGNET)),
            evaluated=look.evaluated(EARLY, report, {"signet": compared}),
            canaries=look.canaries(canaries),
            noise=curve,
            verified=verified,
            files=dict(folder.FILES),
            steps=tuple(self.steps),
            next=further(plan.contested, self.workspace.world_at("main").manifest.clock - _WEEK),
        )

    def _step(self, title: str, *commands: str) -> None:
        step = Step(title, commands)
        self.steps.append(step)
        self.narrator.step(step)

    def _simulate(self) -> None:
        settings = self.settings
        options = [part for key, value in settings.overrides.items() for part in ("--set", f"{key}={value}")]
        generate = ["generate", named(settings.scenario), "--seed", str(settings.seed), *options]
        self._step(
            "Simulate a world, one commit a week",
            f"memento init {shlex.quote(str(self.directory))}",
            f"cd {shlex.quote(str(self.directory))}",
            command(*generate),
        )
        commits = self.workspace.generate(self.scenario, "main", settings.seed, progress=self.narrator.working)
        world = self.workspace.world_at("main")
        sizes = ", ".join(
            f"{len(table):,} {name}"
            for name, table in world.tables.items()
            if name in ("memories", "sessions", "turns", "candidates")
        )
        self.narrator.say(f"main at {commits[-1][:8]}: {len(commits)} weeks, {sizes}")

    def _fork(self) -> edits.Plan:
        self._step("Fork it twice", command("fork", "main", EARLY), command("fork", "main", LATE))
        for name in (EARLY, LATE):
            self.workspace.fork("main", name)
        self.narrator.say(f"{EARLY} and {LATE} begin as main is; a fork stores one name")
        return edits.plan(self.workspace.world_at("main"))

    def _edit(self, plan: edits.Plan) -> tuple[Fork, ...]:
        self._step(
            "Edit both forks, apart",
            *(command("edit", e.branch, *_option(e.words), "-m", e.message) for e in plan.edits),
        )
        commits: dict[str, list[str]] = {EARLY: [], LATE: []}
        for edit in plan.edits:
            commits[edit.branch].append(self.workspace.edit(edit.branch, list(edit.words), edit.message).commit)
        self.narrator.say(f"{len(commits[EARLY])} commits on {EARLY}, {len(commits[LATE])} on {LATE}")
        forks = []
        self._step("See what each fork changed", *(command("diff", f"main...{name}") for name in (EARLY, LATE)))
        for name in (EARLY, LATE):
            diff = self.workspace.diff(f"main...{name}")
            self.narrator.say(f"{name}:")
            self.narrator.diff(diff)
            forks.append(Fork(name, edits.MEANINGS[name], tuple(commits[name]), look.changes(diff)))
        return tuple(forks)

    def _merge(self) -> Merged:
        workspace, narrator = self.workspace, self.narrator
        self._step("Merge one into the other", command("merge", LATE, "--into", EARLY))
        merge = workspace.merge(LATE, into=EARLY)
        if merge.result is None or len(merge.result.conflicts) != 1 or merge.result.violations:
            raise UsageError("the forks of this world merge in an unforeseen way", "take another --seed or --scenario")
        narrator.stopped(workspace, merge)
        conflict = merge.result.conflicts[0]
        self._step(
            "Decide the conflict, and end the merge",
            command("resolve", conflict.id, "--theirs"),
            command("merge", "--continue"),
            command("tag", TAG, EARLY),
        )
        workspace.resolve([conflict.resolution("theirs")])
        done = workspace.merge_continue()
        workspace.repository.tag(TAG, EARLY)
        found = look.findings(workspace.world_at(EARLY))
        left = f"{found or 'no'} contradiction{'' if found == 1 else 's'}"
        narrator.say(f"{EARLY} at {done.commit[:8]}, tagged {TAG}; the merged world has {left}")
        return look.merged(EARLY, LATE, done, conflict, TAG, found, workspace.diff(f"{done.commit}^1", done.commit))

    def _render(self) -> tuple[Rendered, Rendering]:
        self._step("Compile main into tensors", command("render", "main", "-o", folder.RENDERING))
        rendering = self.workspace.rendering_at("main")
        rendering.save(self.directory / folder.RENDERING)
        self.narrator.rendering(rendering)
        return look.rendered("main", rendering, folder.RENDERING), rendering

    def _compare(self, rendering: Rendering) -> Moved | None:
        moved = look.moved(rendering, self.workspace.rendering_at(EARLY))
        if moved is not None:
            self.narrator.say(
                f"the edits on {EARLY} changed the planted relevance of {moved.candidates:,} candidates "
                f"in {moved.sessions} of {moved.of_sessions} sessions"
            )
        return moved

    def _train(self, rendering: Rendering) -> tuple[Run, Run]:
        from memento.train import train
        from memento.train.checkpoint import save

        epochs = self.settings.epochs
        brief = SIGNET_EPOCHS if epochs is None else min(epochs, SIGNET_EPOCHS)
        limit = [] if epochs is None else ["--epochs", str(epochs)]
        self._step(
            "Train a scorer on main, and the Signet form beside it",
            command("train", "main", "--model", "interaction", *limit, "--out", folder.MODEL),
            command("train", "main", "--model", "signet", "--epochs", str(brief), "--out", folder.SIGNET),
        )
        runs = []
        for model, most, file in (("interaction", epochs, folder.MODEL), ("signet", brief, folder.SIGNET)):

            def show(epoch: Epoch, total: int, model: str = model) -> None:
                self.narrator.working(epoch.number + 1, total, f"training {model}, loss {epoch.loss:.4f}")

            run = train([(rendering, 1.0)], model=model, epochs=most, progress=show, revisions=["main"])
            save(run, self.directory / file)
            self.narrator.trained(run)
            runs.append(run)
        return runs[0], runs[1]

    def _evaluate(self, run: Run, signet: Run) -> tuple[Report, Report]:
        from memento.validate import evaluate

        title = "Judge it on the fork, and ask the canaries, also of models trained on noisier labels"
        episodes = [] if self.settings.episodes == EPISODES else ["--episodes", str(self.settings.episodes)]
        self._step(title, command("evaluate", folder.MODEL, EARLY, "--noise-curve", *episodes))
        rendering = self.workspace.rendering_at(EARLY)
        report = evaluate(run, rendering)
        self.narrator.judged(report)
        return report, evaluate(signet, rendering)

    def _ask(self, run: Run) -> tuple[Canaries, tuple[NoisePoint, ...]]:
        from memento.validate import canary
        from memento.validate.retrain import LEVELS, retrained

        world, episodes = self.workspace.world_at(EARLY), self.settings.episodes
        asked = canary.run(run, world, episodes=episodes, progress=self._asking)
        self.narrator.canaries(asked)
        points = list(look.noise(world.manifest.noise.get("snr_db"), asked, own=True))
        for number, level in enumerate(LEVELS, 1):
            self.narrator.working(number, len(LEVELS), f"training on noisier labels, {level:g} dB")
            again = retrained(run, self.workspace.world_at, level)
            points += look.noise(level, canary.run(again, world, episodes=episodes))
        self.narrator.noise(points)
        return asked, tuple(points)

    def _asking(self, name: str) -> None:
        self.narrator.working(0, 0, f"asking canaries, {name}")

    def _verify(self, run: Run) -> bool:
        from memento.train.checkpoint import verify

        self._step("Verify that the model comes from that commit", command("verify", folder.MODEL))
        checks = verify(run, lambda commit, spec: self.workspace.rendering_at(commit, spec, cached=False))
        self.narrator.verified(checks)
        return all(checks)


def command(*words: str) -> str:
    """A command line as it is typed in the demonstration's folder."""
    return shlex.join(["memento", *words])


def further(contested: str, since: int) -> tuple[tuple[str, str], ...]:
    """What to try next: (what it does, command line in the demonstration's folder); `since` is an instant, s UTC."""
    return (
        ("The whole history, as a graph", command("log", "--graph", "--all")),
        ("How the contested memory came to be as it is", command("log", EARLY, "--", f"memory:{contested}")),
        ("Which commit set each field of it", command("blame", EARLY, f"memory:{contested}")),
        ("What the agent remembers", command("show", EARLY, "--table", "memories", "--limit", "10")),
        (
            "Another what-if, and what it changes",
            command("fork", "main", "mine")
            + " && "
            + command("edit", "mine", f"memory:{contested}", "importance=1")
            + " && "
            + command("diff", "main", "mine"),
        ),
        (
            "What the last week would have been with more to remember, and what that changes",
            command(
                "replay", "main", "busier", "--at-time", format_time(since), "--set", "memories.births_per_session=1.5"
            )
            + " && "
            + command("effect", "main", "busier"),
        ),
        (
            "A model trained on a mix of both branches",
            command("train", "main:0.5", f"{EARLY}:0.5", "--out", "mixed.safetensors"),
        ),
        ("The same history, read by git itself", "git --git-dir .memento log --oneline --graph --all"),
    )


def named(scenario: str) -> str:
    """A scenario as it is named from anywhere: a shipped one by its name, a file by its whole path."""
    return str(Path(scenario).resolve()) if scenario.endswith(".toml") or set(scenario) & set("/\\") else scenario


def _option(words: tuple[str, ...]) -> tuple[str, ...]:
    """The words of an edit with its verb as the option that the command line has for it."""
    return tuple("--supersede" if place == 1 and word == "supersede" else word for place, word in enumerate(words))
