"""Superseded memory suppression: what was replaced is below its replacement."""

from __future__ import annotations

from memento.render.rendering import Spec
from memento.validate.asking import AGE, Asked, Measure, above, off_peak, planted, withheld
from memento.validate.contracts.contract import Contract
from memento.validate.episodes import Draw, Source, Stage

OFFERS = 8


def question(source: Source, spec: Spec, episodes: int, seed: int) -> Asked | str:
    """A real replacement with accesses and importance as they come; and copies that differ in the flag alone."""
    if not planted(source, "supersession"):
        return "the world plants no penalty on what was replaced"
    pairs = source.replacements
    if not pairs or not source.topics:
        return "no memory of the world was ever replaced"
    mixed, flag = Stage(source, "contract-supersession"), Stage(source, "contract-supersession-flag")
    for episode in range(episodes):
        draw = Draw(seed, "contract", "suppression", episode)
        old, new = draw.one(pairs)
        at, topic, _, others = off_peak(source, draw, besides=(old, new))
        age = draw.uniform(8, 25)
        for stage in (mixed, flag):
            free = stage is mixed
            session = stage.session(draw, topic, at)
            newer = stage.offer(
                session, new, age - draw.uniform(2, 7) if free else age, int(draw.uniform(0, 20)) if free else 3
            )
            changes = {"importance": draw.uniform()} if free else {}
            used = int(draw.uniform(0, 20)) if free else 3
            row = old if free else new
            stage.offer(session, row, age, used, deleted=True, superseded_by=stage.identity(newer), **changes)
            for other in others[: OFFERS - 2]:
                stage.offer(session, other, draw.uniform(*AGE), 3)
    scene, below = mixed.scene(spec), above(OFFERS, 0, 1)
    return Asked(
        scene,
        (
            Measure("below its replacement, other columns free", below, 0.5, 0.90),
            Measure("below a copy without the flag", below, 0.5, None, "alike but for column 11", flag.scene(spec)),
            Measure(
                "with the flag withheld",
                below,
                0.5,
                None,
                "column 11 set to 0, as Signet serves",
                withheld(scene),
                0.90,
            ),
        ),
    )


CONTRACT = Contract(
    asks="a memory and the newer one that replaced it, accesses and importance as they come: is the newer one above?",
    linear=True,
    why="column 11 differs between them; with the flag withheld, as Signet serves, their ages are all it has",
    question=question,
)
