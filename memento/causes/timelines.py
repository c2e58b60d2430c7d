"""Branches in simulated time: a world as it was, gone on with, or told again under other parameters.

Each is one operation. A branch that starts at an instant T has for its parent the newest first-parent
commit whose world's clock is at most T, and one commit of its own where the world at T is not that
commit's (because T lies inside a week, or because older records were edited since). So a merge back adds
what the branch tells, and takes nothing away of what its base has had since.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from memento.errors import UsageError
from memento.history.names import check_name
from memento.history.repository import Repository
from memento.scenario import Scenario, load
from memento.simulate import SIMULATOR, Story, Week, cut
from memento.simulate.again import extend, replay, start_only
from memento.world import tree
from memento.world.objects import MemoryObjects
from memento.world.values import format_time
from memento.world.world import World

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Replayed:
    """A branch in simulated time: its name, the commit it parts from ("" for none), its own commits, the
    instant it parts at, s UTC, its world, and the parameters that could have no say by then."""

    branch: str
    parent: str
    commits: tuple[str, ...]
    instant: int
    world: World
    silent: tuple[str, ...] = ()


@dataclass(frozen=True)
class Placebo:
    """What a replay with nothing set came to: equal, differs, not simulated or no common past; and the
    instant that it began at, s UTC, None for the last two."""

    verdict: str
    instant: int | None = None

    def to_json(self) -> dict[str, str | int | None]:
        """Plain values."""
        return {"verdict": self.verdict, "instant": self.instant}


class Timelines:
    """What one repository's worlds were, would have been, and will be."""

    def __init__(self, repository: Repository) -> None:
        self.repository = repository

    def instant(self, base: str, session: str = "", time: int | None = None) -> int:
        """The instant that a session or a time names in a world: a session's is the second before it starts.

        Raises `NotFound` for a session that is not there, `UsageError` for a time after the world's clock.
        """
        if time is not None:
            return time
        return cut.before_session(self._world(base), session)

    def fork(self, base: str, new: str, instant: int, switch: bool = False) -> Replayed:
        """Starts branch `new` with the world of revision `base` as it was at an instant, s UTC; `switch` makes it
        the current one."""
        self._new(new)
        then = cut.at(self._world(base), instant)
        parent, own = self._start(base, then)
        if not own:
            self.repository.fork(parent, new, switch=switch)
            return Replayed(new, parent, (), instant, then)
        said = f"fork {new} from {base} at {format_time(instant)}"
        with self.repository.batch(said) as batch:
            made = batch.commit(new, own, _was(base, instant), parents=_parents(parent), time=instant, expected="")
            if switch:
                batch.switch(new)
        return Replayed(new, parent, (made,), instant, then)

    def placebo(self, base: str, new: str) -> Placebo:
        """Whether a replay of `base` with nothing set, from the instant at which `new` parts, is `base` again.

        That instant is the one `new` was forked or replayed at, else the clock of their merge base.
        """
        world = self._world(base)
        if world.manifest.source != "simulated" or world.manifest.simulator != SIMULATOR:
            return Placebo("not simulated")
        since = self._parted(base, new)
        if since is None:
            return Placebo("no common past")
        since = min(since, world.manifest.clock - 1)
        told = tree.write(MemoryObjects(self.repository.objects), replay(world, {}, since).world)
        return Placebo("equal" if told == self.repository.tree_of(base) else "differs", since)

    def _parted(self, base: str, new: str) -> int | None:
        """The instant at which one revision's history leaves another's, s UTC; None where they share nothing."""
        repository = self.repository
        own = list(repository.log(new, exclude=[base], first_parent=True))
        if own and own[-1].message.endswith(_was("", own[-1].time)):
            return own[-1].time
        bases = repository.merge_bases(base, new)
        return tree.read_manifest(repository.objects, repository.tree_of(bases[0])).clock if bases else None

    def extend(
        self,
        branch: str,
        sessions: int | None = None,
        days: int | None = None,
        scenario: str = "",
        seed: int | None = None,
        progress: Progress | None = None,
    ) -> Replayed:
        """Simulates on from a branch's present, one commit a week; see `memento.simulate.again.extend`.

        `scenario` names the law to go on by where the world has none of its own. Raises `UsageError`.
        """
        self.repository.require_branch(branch)
        tip = self.repository.commit_of(f"refs/heads/{branch}")
        world = self._world(tip.id)
        if scenario and world.manifest.source == "simulated":
            raise UsageError(
                f"{branch} was simulated, and goes on by its own scenario",
                f"`memento replay {branch} NEW --at-time T --set KEY=VALUE` tells it under other parameters",
            )
        law: Scenario | None = load(scenario) if scenario else None
        story = extend(world, sessions, days, law, seed)
        said = f"extend {branch} to {format_time(story.world.manifest.clock)}"
        commits = self._tell(branch, story, tip.tree, said, (tip.id,), tip.id, progress=progress)
        return Replayed(branch, tip.id, commits, world.manifest.clock, story.world)

    def replay(
        self, base: str, new: str, values: Mapping[str, str], instant: int, progress: Progress | None = None
    ) -> Replayed:
        """Starts branch `new` at an instant of `base` and tells it on under changed parameters to `base`'s end.

        See `memento.simulate.again.replay`. Raises `UsageError`, and `InvalidFile` with all faults.
        """
        self._new(new)
        world = self._world(base)
        story = replay(world, values, instant)
        then = story.plan.past
        assert then is not None
        parent, own = self._start(base, then)
        changes = ", ".join(f"{key} = {value}" for key, value in values.items())
        said = f"replay {base} from {format_time(instant)} as {new}" + (f" with {changes}" if changes else "")
        opening = (own, _was(base, instant), instant) if own else None
        start = own or self.repository.commit_of(parent).tree
        commits = self._tell(new, story, start, said, _parents(parent), "", opening, progress)
        return Replayed(new, parent, commits, instant, story.world, tuple(start_only(values)))

    def _tell(
        self,
        branch: str,
        story: Story,
        state: str,
        said: str,
        parents: tuple[str, ...],
        expected: str,
        opening: tuple[str, str, int] | None = None,
        progress: Progress | None = None,
    ) -> tuple[str, ...]:
        """Commits the weeks of a story, after an opening state if any, as one operation."""
        weeks = list(story.weeks())
        commits: list[str] = []
        if not weeks and opening is None:
            if not expected:
                self.repository.fork(parents[0], branch)
            return ()
        total = len(weeks) + bool(opening)
        with self.repository.batch(said) as batch:
            for tree_id, message, time in self._states(state, weeks, opening):
                if commits:
                    commits.append(batch.commit(branch, tree_id, message, time=time))
                else:
                    made = batch.commit(branch, tree_id, message, parents=parents, time=time, expected=expected)
                    commits.append(made)
                if progress:
                    progress(len(commits), total, message)
        return tuple(commits)

    def _states(
        self, state: str, weeks: Iterable[Week], opening: tuple[str, str, int] | None
    ) -> Iterator[tuple[str, str, int]]:
        """(tree, message, time) of the opening state, if any, and of each week after `state`."""
        if opening is not None:
            yield opening
        for week in weeks:
            state = tree.apply(self.repository.objects, state, week.delta)
            yield state, week.message, week.time

    def _new(self, name: str) -> None:
        """Raises the error for a branch that cannot be made, before any work is done for it."""
        check_name(name)
        if self.repository.has_branch(name):
            raise UsageError(f"there is a branch {name!r} already", "give another name")

    def _start(self, base: str, then: World) -> tuple[str, str]:
        """The commit that a branch at `then` parts from ("" for none), and the tree of its own first commit
        ("" where it is that commit's)."""
        objects, clock = self.repository.objects, then.manifest.clock
        tree_id = tree.write(objects, then)
        for commit in self.repository.log(base, first_parent=True):
            if tree.read_manifest(objects, commit.tree).clock <= clock:
                return commit.id, "" if commit.tree == tree_id else tree_id
        return "", tree_id

    def _world(self, revision: str) -> World:
        return tree.read(self.repository.objects, self.repository.tree_of(revision))


def _parents(parent: str) -> tuple[str, ...]:
    return (parent,) if parent else ()


def _was(base: str, instant: int) -> str:
    return f"{base} as it was at {format_time(instant)}"
