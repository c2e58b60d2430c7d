"""docs/scenarios.md is what the schema says."""

from __future__ import annotations

from pathlib import Path

from memento import scenario

PAGE = Path(__file__).parents[2] / "docs" / "scenarios.md"
AGAIN = "python -c 'from memento.scenario import reference; print(reference())' > docs/scenarios.md"


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == scenario.reference() + "\n", f"write it again: {AGAIN}"


def test_the_page_names_every_parameter_with_its_unit() -> None:
    page = scenario.reference()
    for key, parameter in scenario.parameters().items():
        section = "patterns" if key.startswith("patterns.") else key.partition(".")[0]
        row = next(
            line
            for line in page.splitlines()
            if line.startswith(f"| `{key[len(section) + 1 :]}` |") and parameter.doc in line
        )
        assert f"| {parameter.unit} |" in row
