from __future__ import annotations

import collections
import sys

import pytest

from memento.catalog import Catalog, Row
from memento.errors import NotFound

SHELF = Catalog(
    "thing", {"counter": Row("collections:Counter", "counts"), "colours": Row("colorsys:rgb_to_hsv", "turns")}
)


def test_objects_are_imported_when_they_are_asked_for() -> None:
    sys.modules.pop("colorsys", None)
    assert list(SHELF) == ["counter", "colours"]
    assert len(SHELF) == 2
    assert "colours" in SHELF
    assert "colorsys" not in sys.modules
    assert SHELF["counter"] is collections.Counter
    assert callable(SHELF["colours"])
    assert "colorsys" in sys.modules


def test_an_unknown_name_is_told_with_the_nearest() -> None:
    with pytest.raises(NotFound, match="no thing named 'conter'") as caught:
        SHELF["conter"]
    assert "did you mean counter?" in caught.value.hint
    assert "known: counter, colours" in caught.value.hint
    assert SHELF.rows["counter"].summary == "counts"
