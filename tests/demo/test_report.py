"""The report: whole, safe, the same every time."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from memento.demo import report

EVIL = "<script>alert(1)</script> & \"quotes\" 'too' <img src=x onerror=alert(1)> ]]> --> </style> $x^2$ %s {0}"
VOID = {"br", "col", "hr", "img", "link", "meta"}


class Reader(HTMLParser):
    """Reads a page strictly: every element closes, no id comes twice."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.open, self.tags, self.ids, self.texts = [], [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.ids += [value for name, value in attrs if name == "id"]
        assert len({name for name, _ in attrs}) == len(attrs), (tag, attrs)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)


def read(page):
    reader = Reader()
    reader.feed(page)
    reader.close()
    assert reader.open == []
    return reader


@pytest.fixture(scope="module")
def page(build):
    return report.page(build())


@pytest.fixture(scope="module")
def evil(build):
    return report.page(build(text=EVIL, scenario=EVIL, branch=EVIL))


def test_is_whole(page):
    reader = read(page)
    assert page.startswith("<!DOCTYPE html>\n<html lang=")
    assert len(reader.ids) == len(set(reader.ids))
    titles = [tag for tag, _ in reader.tags]
    assert titles.count("h1") == 1
    assert titles.count("svg") >= 6


def test_says_what_was_found(page):
    text = " ".join(" ".join(read(page).texts).split())
    for word in (
        "night-owl",
        "0.951",
        "ceiling",
        "selective copying",
        "memory:x-1",
        "peak_hour was 9",
        "memento log --graph --all",
    ):
        assert word in text, word
    assert "23" not in re.findall(r"chosen (\d+)", text)


def test_loads_nothing(page):
    reader = read(page)
    assert not [
        tag
        for tag, _ in reader.tags
        if tag in ("script", "link", "img", "iframe", "object", "embed", "form", "base", "a")
    ]
    for _, attributes in reader.tags:
        for name, value in attributes.items():
            assert name not in ("src", "srcset", "action", "background", "poster", "data"), (name, value)
            assert not name.startswith("on"), (name, value)
            if name.endswith("href"):
                assert value.startswith("#")
    assert "http://" not in page
    assert "https://" not in page
    assert "@import" not in page
    assert set(re.findall(r"url\((.)", page)) <= {"#"}


def test_policy_forbids_loading(page):
    metas = [attributes for tag, attributes in read(page).tags if tag == "meta"]
    policy = next(m["content"] for m in metas if m.get("http-equiv") == "Content-Security-Policy")
    assert policy == "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    assert page.index("Content-Security-Policy") < page.index("<style")
    assert {"charset": "utf-8"} in metas


def test_every_picture_has_words(page):
    for tag, attributes in read(page).tags:
        if tag == "svg":
            assert attributes["role"] == "img"
            assert len(attributes["aria-label"]) > 10


def test_text_of_the_world_cannot_become_markup(evil):
    reader = read(evil)
    assert not [tag for tag, _ in reader.tags if tag in ("script", "img")]
    assert "<script" not in evil
    assert not [name for _, attributes in reader.tags for name in attributes if name.startswith("on")]
    joined = "".join(reader.texts)
    assert joined.count(EVIL) >= 4


def test_same_outcome_gives_the_same_bytes(page, build):
    assert report.page(build()) == page


def test_light_and_dark_have_all_colours(page):
    light, dark = (set(re.findall(r"--([a-z]+):", part)) for part in page.partition("prefers-color-scheme: dark")[::2])
    used = set(re.findall(r"var\(--([a-z]+)\)", page))
    assert used <= light
    assert light - {"font", "mono"} <= dark


@pytest.mark.parametrize("colour", ["#010101", "#040404", "#060606", "#000000", "black"])
def test_no_picture_has_a_colour_of_its_own(page, colour):
    assert colour not in page.partition("</style>")[2]


def test_is_small(page):
    assert len(page.encode()) < 250_000
