"""Session gap sensitivity: open work is worth more soon after the project's last session."""

from __future__ import annotations

from memento.patterns import from_manifest
from memento.patterns.gap import Gap
from memento.render.rendering import Spec
from memento.validate.asking import AGE, Asked, Measure
from memento.validate.contracts.contract import OTHERS, Contract, higher_than, moved_by_gap, offered, on_top
from memento.validate.contracts.temporal import unmoved
from memento.validate.episodes import Draw, Source, Stage


def question(source: Source, spec: Spec, episodes: int, seed: int) -> Asked | str:
    """The same session soon after the last one of its project, and long after."""
    rule = next((p for p in from_manifest(source.world.manifest.patterns) if isinstance(p, Gap)), None)
    if rule is None or rule.weight == 0:
        return "the world plants no gap"
    entity = source.world.memories["entity"]
    moved = rule.entities(tuple(entity[source.usable].tolist()))
    known = source.usable[moved]
    if len(known) == 0 or moved.all() or len(source.topics) < 2:
        return "no memory of an entity with open work was ever offered, or all are"
    stage = Stage(source, "contract-gap")
    for episode in range(episodes):
        draw = Draw(seed, "contract", "session gap", episode)
        target, at = int(draw.one(known)), int(draw.one(source.recent))
        topic = draw.one([name for name in source.topics if name != entity[target]])
        calm = unmoved(source, (int(source.hours[at]),), int(source.weekdays[at]), target, topic)
        still = calm[~moved_by_gap(source, calm)]
        others = draw.some(still if len(still) else calm, OTHERS)
        session = stage.session(draw, topic, at, gap=float(draw.one(source.short_gaps)))
        late = stage.twin(session, gap=float(draw.one(source.long_gaps)))
        offered(stage, [session, late], target, others, draw.uniform(*AGE))
    return Asked(
        stage.scene(spec),
        (
            Measure("higher after a short gap than after a long one", higher_than(2, 1), 0.5, 0.90, sharp=0.98),
            Measure("the best of ten after a short gap", on_top(2), 0.1),
        ),
    )


CONTRACT = Contract(
    asks="one session, word for word, soon and long after the last: does a memory of open work have more of the first?",
    linear=False,
    why="the gap is the session's, equal for all candidates, so a linear gate's term for it cancels in the softmax",
    question=question,
)
