from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from memento.patterns.facts import Facts


@pytest.fixture
def facts() -> Callable[..., Facts]:
    """Facts of candidates that are alike but for what is given."""

    def make(count: int = 1, **given: Any) -> Facts:
        neutral: dict[str, Any] = {
            "age_days": 0.0,
            "access_count": 0,
            "max_log_access": 0.0,
            "hour": 12,
            "weekday": 0,
            "month": 0,
            "gap_days": 0.0,
            "entity_match": False,
            "peak_hour": -1,
            "peak_weekday": -1,
            "superseded": False,
            "traversal": False,
            "importance": 0.5,
        }
        return Facts(**{name: np.resize(np.array(given.get(name, value)), count) for name, value in neutral.items()})

    return make
