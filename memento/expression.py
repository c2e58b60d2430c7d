"""A small language of conditions, for queries over branches and for merge gates.

```
expression = term { "|" term }
term       = factor { "&" factor }
factor     = "~" factor | condition
condition  = value [ comparison value ]          comparison: == = != < <= > >=
value      = number | string | name [ "(" [ argument { "," argument } ] ")" ] | "(" expression ")"
argument   = string | word                       a word: anything but blanks , ( ) " '
```

``~`` binds strongest, then comparisons, ``&``, ``|``. What names mean is the caller's business: a parsed
expression is a tree of the classes here, each with the place where it stands in the text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from memento.errors import UsageError, nearest

MAX_LENGTH = 10_000
MAX_DEPTH = 50
_TIME = re.compile(r"^\d{4}-\d\d-\d\d[0-9T:Z]*")
_SHOWN = 70
_BLANK = re.compile(r"\s*")
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?![\w.])")
_NAME = re.compile(r"[A-Za-z_][\w.-]*")
_WORD = re.compile(r"[^\s,()\"']+")
_COMPARISON = re.compile(r"==|!=|<=|>=|=|<|>")
_FOREIGN = {"&&": "&", "||": "|", "!": "~", "and": "&", "or": "|", "not": "~", "AND": "&", "OR": "|", "NOT": "~"}


@dataclass(frozen=True, slots=True)
class Number:
    """A number."""

    value: float
    at: int


@dataclass(frozen=True, slots=True)
class Text:
    """A text in quotes, or an argument without."""

    value: str
    at: int


@dataclass(frozen=True, slots=True)
class Call:
    """A name with its arguments; `called` is false for a name that stands alone, without parentheses."""

    name: str
    arguments: tuple[Text, ...]
    called: bool
    at: int


@dataclass(frozen=True, slots=True)
class Not:
    """What does not hold."""

    operand: Node
    at: int


@dataclass(frozen=True, slots=True)
class Every:
    """All of some conditions (``&``)."""

    operands: tuple[Node, ...]
    at: int


@dataclass(frozen=True, slots=True)
class Some:
    """At least one of some conditions (``|``)."""

    operands: tuple[Node, ...]
    at: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two values compared by ``==``, ``!=``, ``<``, ``<=``, ``>`` or ``>=``."""

    left: Node
    sign: str
    right: Node
    at: int


Node = Number | Text | Call | Not | Every | Some | Comparison


class ExpressionError(UsageError):
    """A fault in an expression; the message has the expression with a caret under the place."""

    def __init__(self, text: str, at: int, why: str, hint: str = "") -> None:
        line, before = _line(text, at)
        super().__init__(
            f"{why}\n  {line}\n  {' ' * before}^", hint or "`memento query --help` says how expressions are written"
        )
        self.why = why
        self.at = at


def parse(text: str) -> Node:
    """The tree of an expression. Raises `ExpressionError`."""
    if len(text) > MAX_LENGTH:
        raise UsageError(f"the expression has {len(text)} characters, at most {MAX_LENGTH} are allowed")
    return _Parser(text).whole()


def unknown(text: str, call: Call, what: str, known: Sequence[str]) -> ExpressionError:
    """The error for a name that means nothing, with the names that are most like it."""
    near = nearest(call.name, known)
    hint = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(known)}"
    return ExpressionError(text, call.at, f"no {what} named {call.name!r}", hint)


class _Parser:
    """Recursive descent; `at` is the place of the next character."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.depth = 0

    def whole(self) -> Node:
        self.blank()
        if self.at == len(self.text):
            raise self.fault("the expression is empty", "all() stands for everything")
        found = self.some()
        if self.at < len(self.text):
            if self.text[self.at] == ")":
                raise self.fault("this parenthesis closes nothing")
            raise self.fault("expected & or | here, or the end", self.foreign())
        return found

    def some(self) -> Node:
        start, operands = self.at, [self.every()]
        while self.take("|"):
            operands.append(self.every())
        return operands[0] if len(operands) == 1 else Some(tuple(operands), start)

    def every(self) -> Node:
        start, operands = self.at, [self.factor()]
        while self.take("&"):
            operands.append(self.factor())
        return operands[0] if len(operands) == 1 else Every(tuple(operands), start)

    def factor(self) -> Node:
        start = self.at
        if not self.take("~"):
            return self.condition()
        self.deeper()
        found = Not(self.factor(), start)
        self.depth -= 1
        return found

    def condition(self) -> Node:
        left = self.value()
        at, sign = self.at, self.match(_COMPARISON)
        if not sign:
            return left
        found = Comparison(left, "==" if sign == "=" else sign, self.value(), at)
        again = self.at
        if self.match(_COMPARISON):
            raise self.fault("comparisons do not chain", "join two with &: 1 < ahead(main) & ahead(main) < 9", again)
        return found

    def value(self) -> Node:
        start = self.at
        if self.take("("):
            self.deeper()
            found = self.some()
            if not self.take(")"):
                if self.at < len(self.text):
                    raise self.fault("expected & or | or ) here", self.foreign())
                raise self.fault("this parenthesis is not closed", at=start)
            self.depth -= 1
            return found
        if self.text[start : start + 1] in ('"', "'"):
            return self.string()
        number = self.match(_NUMBER)
        if number:
            return Number(float(number), start)
        name = "" if self.foreign() else self.match(_NAME)
        if not name:
            what = "something is missing here" if start == len(self.text) else "expected a condition here"
            raise self.fault(what, self.foreign())
        return self.call(name, start)

    def call(self, name: str, start: int) -> Call:
        opened = self.at
        if not self.take("("):
            return Call(name, (), False, start)
        arguments: list[Text] = []
        while not self.take(")"):
            if arguments and not self.take(","):
                if self.at == len(self.text):
                    raise self.fault("this parenthesis is not closed", at=opened)
                raise self.fault("expected , or ) here")
            at = self.at
            if self.text[at : at + 1] in ('"', "'"):
                arguments.append(self.string())
                continue
            word = self.match(_WORD)
            if not word:
                if at == len(self.text):
                    raise self.fault("this parenthesis is not closed", at=opened)
                raise self.fault(f"expected an argument of {name}() here", "put odd characters in quotes")
            arguments.append(Text(word, at))
        return Call(name, tuple(arguments), True, start)

    def string(self) -> Text:
        start, quote = self.at, self.text[self.at]
        value, at = [], start + 1
        while at < len(self.text) and self.text[at] != quote:
            at += self.text[at] == "\\" and at + 1 < len(self.text)
            value.append(self.text[at])
            at += 1
        if at >= len(self.text):
            raise self.fault("this text does not end", f"close it with {quote}", start)
        self.at = at + 1
        self.blank()
        return Text("".join(value), start)

    # ── characters ───────────────────────────────────────────────────────────────────────────────

    def take(self, mark: str) -> bool:
        if not self.text.startswith(mark, self.at) or (mark in "&|" and self.text.startswith(mark * 2, self.at)):
            return False
        self.at += len(mark)
        self.blank()
        return True

    def match(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self.text, self.at)
        if found is None:
            return ""
        self.at = found.end()
        self.blank()
        return found[0]

    def blank(self) -> None:
        found = _BLANK.match(self.text, self.at)
        self.at = found.end() if found else self.at

    def deeper(self) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self.fault(f"nested more than {MAX_DEPTH} deep")

    def foreign(self) -> str:
        """What to write instead of another language's sign or word that stands here."""
        rest = self.text[self.at :]
        time = _TIME.search(self.text[max(0, self.at - 4) : self.at + 26])
        if time:
            return f'a time stands in quotes: "{time[0]}"'
        name = _NAME.match(rest)
        word = name[0] if name else rest[:2] if rest[:2] in _FOREIGN else rest[:1]
        return f"write {_FOREIGN[word]} for {word}" if word in _FOREIGN and not rest.startswith(f"{word}(") else ""

    def fault(self, why: str, hint: str = "", at: int | None = None) -> ExpressionError:
        return ExpressionError(self.text, self.at if at is None else at, why, hint)


def _line(text: str, at: int) -> tuple[str, int]:
    """The part of an expression around a place, on one line, and how far from its start the place is."""
    shown = "".join(c if c.isprintable() else " " for c in text)
    if len(shown) <= 2 * _SHOWN:
        return shown, at
    start, end = max(0, at - _SHOWN), at + _SHOWN
    lead = "…" if start else ""
    return lead + shown[start:end] + ("…" if end < len(shown) else ""), at - start + len(lead)
