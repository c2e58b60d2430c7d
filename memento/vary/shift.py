"""Move the whole world in time by a number of hours."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from memento import rng
from memento.errors import UsageError
from memento.vary.operator import Operator, parameter
from memento.world.records import FIRST_TIME, LAST_TIME, NULL_INT, TABLES
from memento.world.table import Table
from memento.world.world import World

_HOUR = 3600


@dataclass(frozen=True)
class Shift(Operator):
    """Every time of the world moves by one number of hours, so that its days keep their distances and
    meet other hours and weekdays."""

    name: ClassVar[str] = "shift"
    formula: ClassVar[str] = "t + 3600 h for every time t, h from -hours to hours but 0"

    hours: int = parameter(12, "the most hours that the world moves, either way", "h", 1, 87_660, kind="int")

    def apply(self, world: World, key: int) -> World:
        """One draw for the world."""
        drawn = int(rng.integers(key, 2 * self.hours))
        by = (drawn - self.hours + (drawn >= self.hours)) * _HOUR
        if not FIRST_TIME <= world.manifest.clock + by <= LAST_TIME:
            raise UsageError(f"the world cannot move by {by // _HOUR} hours: its clock would leave the calendar")
        tables = {name: _moved(table, by) for name, table in world.tables.items()}
        return World.build(replace(world.manifest, clock=world.manifest.clock + by), tables)


def _moved(table: Table, by: int) -> Table:
    times = [field for field in TABLES[table.schema.name].fields if field.kind == "time"]
    return table.replace(**{f.name: np.where(table[f.name] == NULL_INT, NULL_INT, table[f.name] + by) for f in times})
