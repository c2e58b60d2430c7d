from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from memento.gallery.gallery import Gallery, gallery
from memento.gallery.gallery_page import page
from memento.patterns import CATALOG as PATTERNS
from memento.patterns.series import SERIES
from memento.vary import CATALOG as OPERATORS


@pytest.fixture(scope="module")
def made() -> Gallery:
    return gallery()


def test_everything_is_in_it(made: Gallery) -> None:
    assert [card.name for card in made.series] == list(SERIES)
    assert [card.name for card in made.patterns] == list(PATTERNS)
    assert [card.name for card in made.operators] == list(OPERATORS)


def test_every_rule_and_operator_does_something(made: Gallery) -> None:
    assert all(card.spread > 0 for card in made.patterns)
    assert all(card.changed for card in made.operators)
    assert not [card.name for card in made.operators if card.consistent]
    texts = {card.name for card in made.operators if card.examples}
    assert {"synonym", "tone", "domain", "paraphrase", "persona", "typos", "eda", "rename", "counterfactual"} <= texts
    moved = {card.name for card in made.operators if card.hours}
    assert {"reschedule", "smooth", "shift"} <= moved


def test_the_page_is_whole_and_the_same_each_time(made: Gallery) -> None:
    text = page(made, "1")
    assert text == page(made, "1")
    assert len(re.findall("<svg", text)) >= len(SERIES) + len(PATTERNS)
    assert not re.search(r"https?://(?!www\.w3\.org)", text)
    HTMLParser().feed(text)


def test_the_command_writes_it(tmp_path: Path) -> None:
    from click.testing import CliRunner

    from memento.cli.main import cli

    line = ["gallery", "-o", str(tmp_path / "g.html")]
    done = CliRunner().invoke(cli, line, catch_exceptions=False)
    assert done.exit_code == 0
    assert "operators" in done.stderr
    assert CliRunner().invoke(cli, line, catch_exceptions=False).exit_code == 2
