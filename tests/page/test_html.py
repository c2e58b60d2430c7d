"""Elements, and what is escaped in them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from memento.page.html import Html, element, join, table


def test_children_and_attributes():
    made = element("p", "a < b", element("br"), None, 3, class_="x", aria_label='say "hi"', id=None)
    assert made == '<p class="x" aria-label="say &quot;hi&quot;">a &lt; b<br>3</p>'
    assert isinstance(made, Html)


def test_markup_is_not_escaped_twice():
    assert join([Html("<b>x</b>"), "&", None], " ") == "<b>x</b> &amp;"


@given(st.text())
def test_no_text_opens_an_element(text):
    inside = element("p", text, title=text)
    assert inside.count("<") == 2
    assert inside.partition(">")[0].count('"') == 2


def test_tables_mark_numbers():
    made = table(["a", "b"], [["x", "1"]], right=[1])
    assert '<th scope="col" class="number">b</th>' in made
    assert '<td class="number">1</td>' in made


def test_pictures_that_stand_alone_have_the_light_colours_of_pages():
    from memento.page.chart import LIGHT, PAGE, VARIABLES
    from memento.page.style import CSS

    light = CSS[: CSS.index("@media")]
    assert set(LIGHT) == set(VARIABLES)
    assert all(f"--{VARIABLES[stand_in]}: {colour};" in light for stand_in, colour in LIGHT.items() if stand_in != PAGE)
