"""The report of a demonstration: one HTML file that needs nothing but itself.

The same outcome gives the same bytes. Nothing is loaded from anywhere, and a content security policy
inside the page says so to the browser; every text of a world is escaped where it is put in.
"""

from __future__ import annotations

from collections.abc import Iterable

from memento.demo import branches, measures, pictures
from memento.demo.outcome import Change, Fork, Merged, Moved, Outcome
from memento.page.html import Html, document, element, figure, section, table
from memento.world.values import format_time

SHOWN = 12
"""Changed records shown of each difference."""
_DAY = 86_400


def page(outcome: Outcome) -> str:
    """The whole document."""
    parts = (
        _header(outcome),
        _world(outcome),
        _branches(outcome),
        section("What each fork changed", *(_fork(fork, outcome.rendered.revision) for fork in outcome.forks)),
        _merge(outcome.merged, outcome.moved),
        measures.rendering(outcome.rendered),
        measures.training(outcome.trained),
        measures.evaluation(outcome.evaluated, outcome.trained),
        measures.canaries(outcome.canaries, outcome.noise),
        _steps(outcome),
        _next(outcome),
        _footer(outcome),
    )
    title = f"memento demo: {outcome.world.scenario}, seed {outcome.seed}"
    return document(title, parts, f"memento {outcome.version}")


def _header(outcome: Outcome) -> Html:
    world, merged, evaluated = outcome.world, outcome.merged, outcome.evaluated
    model, chance, ceiling = (evaluated.score(name) for name in (evaluated.own, "chance", "ceiling"))
    ends = f"{chance.ndcg:.2f}, {ceiling.ndcg:.2f}" if chance and ceiling else "-"
    share = f"{model.share:.0%} of what any model could reach" if model and model.share is not None else ""
    passed = [row.passed for row in outcome.canaries if row.passed is not None]
    days = max(1, round((world.end - world.start) / _DAY))
    facts = [
        ("Sessions", f"{world.sizes.get('sessions', 0):,}", f"in {days} days"),
        ("Memories", f"{world.sizes.get('memories', 0):,}", f"on {world.sizes.get('entities', 0):,} entities"),
        ("Conflicts decided", "1", f"{merged.findings or 'no'} contradictions left"),
        ("NDCG@10 on the fork", f"{model.ndcg:.3f}" if model else "-", share),
        ("Chance, ceiling", ends, "the same sessions"),
        ("Canaries passed", f"{sum(passed)} of {len(passed)}", "as they came out"),
    ]
    boxes = (element("div", element("dt", t), element("dd", v, element("small", n))) for t, v, n in facts)
    return element(
        "header",
        element("h1", "One world, two what-ifs, one model"),
        element(
            "p",
            f"memento simulated an agent's world ({world.scenario}: {world.summary.rstrip('.')}), forked it twice, "
            "edited both forks apart, merged them through a conflict, compiled a revision into tensors, trained a "
            f"relevance scorer on {outcome.rendered.revision} and judged it on {evaluated.revision}. "
            "Everything below comes from that one run.",
        ),
        element("dl", *boxes, class_="facts"),
    )


def _world(outcome: Outcome) -> Html:
    world = outcome.world
    sizes = table(["table", "records"], [(name, f"{count:,}") for name, count in world.sizes.items()], right=[1])
    heaviest = sorted(world.weights.items(), key=lambda item: (-item[1], item[0]))
    weights = table(["planted pattern", "weight"], [(name, f"{weight:g}") for name, weight in heaviest], right=[1])
    hours = figure(pictures.hours(world.hours), "When the sessions end. The hour decides, in part, what is relevant.")
    return section(
        "The world at a glance",
        element(
            "p",
            f"Seed {world.seed}, {format_time(world.start)[:10]} to {format_time(world.end)[:10]}, one commit a week. "
            "Which candidate was relevant when follows from planted rules, so the truth is known. "
            f"Noise on the labels: {world.noise}.",
        ),
        element("div", hours, _card(weights), _card(sizes), class_="row"),
        *(
            [element("h3", "Some of what the agent remembers"), _list(element("li", text) for text in world.sample)]
            if world.sample
            else []
        ),
    )


def _branches(outcome: Outcome) -> Html:
    names = [outcome.rendered.revision, *(fork.name for fork in outcome.forks)]
    graph = element("div", branches.drawing(outcome.commits, names), class_="scroll")
    return section(
        "Branches",
        element(
            "p",
            "Every dot is a commit, a whole world, stored once; point at one for its id and message. "
            "A fork costs a name, whatever the size of the world.",
        ),
        element("figure", graph, class_="chart"),
    )


def _fork(fork: Fork, base: str) -> Html:
    return _card(
        element("h3", fork.name),
        element("p", fork.meaning),
        element("pre", f"memento diff {base}...{fork.name}"),
        *_changes(fork.changes),
    )


def _changes(changes: tuple[Change, ...]) -> list[Html]:
    rest = len(changes) - SHOWN
    shown = element("ul", *(_change(change) for change in changes[:SHOWN]), class_="changes")
    return [shown, element("p", f"and {rest} more records", class_="soft")] if rest > 0 else [shown]


def _change(change: Change) -> Html:
    fields = []
    for field in change.fields:
        sides = element("del", field.before), " → ", element("ins", field.after)
        fields.append(element("div", element("code", field.name), ": ", *sides, class_="field"))
    text = element("div", change.text, class_="field") if change.text else None
    kind = element("span", change.kind, class_=f"kind {change.kind}")
    return element("li", kind, element("code", change.place), text, *fields)


def _merge(merged: Merged, moved: Moved | None) -> Html:
    sides = [
        ("before both", merged.base, "base"),
        (f"in {merged.into}", merged.ours, "ours"),
        (f"in {merged.other}", merged.theirs, "theirs"),
    ]
    boxes = [_side(title, value, merged.choice == side) for title, value, side in sides]
    if merged.choice == "value":
        boxes.append(_side("decided", merged.chosen, True))
    choice = f"--value {merged.chosen}" if merged.choice == "value" else f"--{merged.choice}"
    commands = f"memento resolve {merged.conflict} {choice}\nmemento merge --continue"
    left = f"{merged.findings} contradictions" if merged.findings else "no contradiction"
    reach = (
        f"Together the edits changed the planted relevance of {moved.candidates:,} candidates, "
        f"in {moved.sessions} of {moved.of_sessions} sessions."
        if moved
        else None
    )
    return section(
        "The merge, and its one conflict",
        element(
            "p",
            f"Merging {merged.other} into {merged.into} combined every change that one side alone had made. One field "
            "was changed on both sides, to different values. memento does not guess there: it stops, and asks.",
        ),
        _card(
            element("p", element("code", merged.conflict), " ", merged.explanation),
            element("div", *boxes, class_="sides"),
            element("pre", commands),
        ),
        element(
            "p",
            f"The merged world was checked as a whole and has {left}. It is commit ",
            element("code", merged.commit[:8]),
            f", tagged {merged.tag}. What the merge brought into {merged.into}:",
        ),
        _card(*_changes(merged.brought)),
        element("p", reach) if reach else None,
    )


def _side(title: str, value: str, chosen: bool) -> Html:
    words = f"{title}, chosen" if chosen else title
    return element("div", element("b", words), value, class_="side chosen" if chosen else "side")


def _steps(outcome: Outcome) -> Html:
    words = (
        "The checkpoint was verified: the commit it names was rendered again and gave the digest it was trained on, "
        "bit for bit."
        if outcome.verified
        else "The checkpoint could not be verified: its commit gave another digest."
    )
    lines = "\n\n".join("\n".join([f"# {step.title}", *step.commands]) for step in outcome.steps)
    lead = "These command lines, in an empty folder, make the same commits and the same digests."
    return section("The same by hand", element("p", f"{lead} {words}"), element("pre", lines))


def _next(outcome: Outcome) -> Html:
    rows = (element("div", element("p", words), element("pre", command)) for words, command in outcome.next)
    return section("How to go on", element("p", "In the folder of this report:"), *rows)


def _footer(outcome: Outcome) -> Html:
    files = (element("li", element("code", name), f": {meaning}") for name, meaning in outcome.files.items())
    version = element("p", f"memento {outcome.version}, seed {outcome.seed}")
    return element("footer", element("p", "In this folder:"), _list(files), version)


def _card(*children: Html | None) -> Html:
    return element("div", *children, class_="card")


def _list(items: Iterable[Html]) -> Html:
    return element("ul", *items)
