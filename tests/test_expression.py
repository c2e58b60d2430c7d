from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memento.errors import UsageError
from memento.expression import (
    MAX_DEPTH,
    Call,
    Comparison,
    Every,
    ExpressionError,
    Node,
    Not,
    Number,
    Some,
    Text,
    parse,
)


def words(node: Node) -> str:
    """A tree in prefix form."""
    if isinstance(node, Number):
        return f"{node.value:g}"
    if isinstance(node, Text):
        return repr(node.value)
    if isinstance(node, Call):
        return node.name + (f"({', '.join(a.value for a in node.arguments)})" if node.called else "")
    if isinstance(node, Not):
        return f"~{words(node.operand)}"
    if isinstance(node, Comparison):
        return f"[{words(node.left)} {node.sign} {words(node.right)}]"
    assert isinstance(node, Every | Some)
    return f"({(' & ' if isinstance(node, Every) else ' | ').join(map(words, node.operands))})"


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("a", "a"),
        ("a()", "a()"),
        ("a | b & c", "(a | (b & c))"),
        ("(a | b) & c", "((a | b) & c)"),
        ("~a & ~~b", "(~a & ~~b)"),
        ("~a > 1", "~[a > 1]"),
        ("a.b-c >= .95 & d = 1e3", "([a.b-c >= 0.95] & [d == 1000])"),
        ("-1 < x", "[-1 < x]"),
        (" f( main~3 ,refs/heads/a^2, memory:k7-1,@{1} ) ", "f(main~3, refs/heads/a^2, memory:k7-1, @{1})"),
        ('f(\'a b\', "c\\"d")', 'f(a b, c"d)'),
        ("f(a&b)", "f(a&b)"),
        ('x()!="2026-02-01"', "[x() != '2026-02-01']"),
        ("a&b&c|d", "((a & b & c) | d)"),
        ("f()\n&\tg()", "(f() & g())"),
    ],
)
def test_reads(text: str, tree: str) -> None:
    assert words(parse(text)) == tree


@pytest.mark.parametrize(
    ("text", "at", "why"),
    [
        ("", 0, "empty"),
        ("a &", 3, "missing"),
        ("a & & b", 4, "expected a condition"),
        ("a b", 2, "expected & or |"),
        ("a && b", 2, "expected & or |"),
        ("a or b", 2, "expected & or |"),
        ("!a", 0, "expected a condition"),
        ("(a", 0, "not closed"),
        ("f(a", 1, "not closed"),
        ("f(a,", 1, "not closed"),
        ("f(a b)", 4, "expected , or )"),
        ("f(,)", 2, "argument of f()"),
        ("a)", 1, "closes nothing"),
        ("'abc", 0, "does not end"),
        ("1 < 2 < 3", 6, "do not chain"),
        ("a > ", 4, "missing"),
        ("3x", 0, "expected a condition"),
        ("~" * 60 + "a", MAX_DEPTH + 1, "nested"),
    ],
)
def test_a_fault_names_its_place(text: str, at: int, why: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse(text)
    assert caught.value.at == at
    assert why in caught.value.why
    lines = caught.value.message.splitlines()
    assert lines[-1] == " " * (2 + at) + "^"
    assert caught.value.hint


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("a && b", "write & for &&"),
        ("not a", "write ~ for not"),
        ("a or b", "|"),
        ("a > 2026-03-10T12:00Z", 'in quotes: "2026-03-10T12:00Z"'),
    ],
)
def test_words_of_other_languages_are_translated(text: str, hint: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse(text)
    assert hint in caught.value.hint


def test_the_line_of_a_long_expression_is_cut_around_the_place() -> None:
    with pytest.raises(ExpressionError) as caught:
        parse("a & " * 300 + "? " + "& a" * 300)
    _, line, caret = caught.value.message.splitlines()
    assert line[caret.index("^")] == "?"
    assert len(line) < 160
    with pytest.raises(UsageError, match="at most 10000"):
        parse("a" * 20_000)


@given(st.text(alphabet="ab()&|~<>=!'\", .1-\\\n√", max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    fault, found = None, None
    try:
        found = parse(text)
    except ExpressionError as error:
        fault = error.at
    assert words(found) if found else fault is not None and 0 <= fault <= len(text)
