from __future__ import annotations

from memento.formats.reading.topics import topics

SITTINGS = [
    ["The pottery class was great", "Which pottery class?", "Ada likes camping"],
    ["More pottery at camping", "Camping again, Ada", "thanks for telling me about Bo's garden"],
]


def test_topics_come_back_and_are_no_names_or_small_talk() -> None:
    found = topics(SITTINGS, ["Ada", "Bo"])
    assert found.counts == {"camping": 3, "pottery": 3}
    assert found.of("We went camping after pottery") == "camping"
    assert found.of("Ada says thanks") == ""
