"""Regular English inflection, with the irregular forms that everyday verbs and nouns have."""

from __future__ import annotations

_PLURALS = {
    "child": "children",
    "person": "people",
    "man": "men",
    "woman": "women",
    "shelf": "shelves",
    "loaf": "loaves",
    "knife": "knives",
    "half": "halves",
    "leaf": "leaves",
    "hypothesis": "hypotheses",
    "analysis": "analyses",
    "foot": "feet",
    "tooth": "teeth",
    "corpus": "corpora",
    "series": "series",
    "crisis": "crises",
    "basis": "bases",
    "criterion": "criteria",
    "diagnosis": "diagnoses",
    "gas": "gases",
    "bus": "buses",
}
_UNCOUNTED = frozenset(
    {
        "advice",
        "luggage",
        "baggage",
        "clothing",
        "cash",
        "money",
        "funds",
        "research",
        "help",
        "assistance",
        "news",
        "thanks",
        "gratitude",
        "earnings",
        "clothes",
        "garments",
        "bags",
        "papers",
        "email",
        "mail",
        "anger",
        "fury",
        "weight",
        "proof",
        "evidence",
        "software",
        "equipment",
        "appreciation",
        "acclaim",
        "praise",
        "kin",
    }
)
_PAST = {
    "tell": "told",
    "say": "said",
    "speak": "spoke",
    "find": "found",
    "seek": "sought",
    "choose": "chose",
    "make": "made",
    "build": "built",
    "break": "broke",
    "grow": "grew",
    "shrink": "shrank",
    "bear": "bore",
    "send": "sent",
    "get": "got",
    "give": "gave",
    "take": "took",
    "keep": "kept",
    "hold": "held",
    "lose": "lost",
    "buy": "bought",
    "sell": "sold",
    "pay": "paid",
    "spend": "spent",
    "lend": "lent",
    "leave": "left",
    "come": "came",
    "teach": "taught",
    "read": "read",
    "write": "wrote",
    "draw": "drew",
    "know": "knew",
    "understand": "understood",
    "grasp": "grasped",
    "think": "thought",
    "forget": "forgot",
    "cut": "cut",
    "eat": "ate",
    "drink": "drank",
    "wear": "wore",
    "hurt": "hurt",
    "run": "ran",
    "begin": "began",
    "forbid": "forbade",
    "let": "let",
    "hide": "hid",
    "show": "showed",
    "throw": "threw",
    "catch": "caught",
    "lead": "led",
    "mean": "meant",
    "arise": "arose",
    "fling": "flung",
    "shut": "shut",
    "split": "split",
    "learn": "learned",
    "swear": "swore",
    "overlook": "overlooked",
    "fall": "fell",
    "feel": "felt",
    "spin": "spun",
    "shun": "shunned",
    "bring": "brought",
    "dwell": "dwelt",
    "undertake": "undertook",
    "put": "put",
    "set": "set",
}
_DOUBLED = frozenset(
    {
        "stop",
        "plan",
        "permit",
        "ban",
        "drop",
        "swap",
        "shop",
        "spot",
        "chop",
        "stir",
        "sip",
        "log",
        "grab",
        "submit",
        "admit",
        "refer",
        "prefer",
        "occur",
        "control",
        "run",
        "get",
        "begin",
        "forget",
        "cut",
        "let",
        "shut",
        "split",
        "tug",
        "fit",
        "scan",
        "snag",
        "sob",
        "nod",
        "tap",
        "map",
        "cap",
        "shun",
        "spin",
        "put",
        "set",
        "transmit",
        "defer",
        "annul",
        "compel",
        "incur",
        "forbid",
    }
)


def forms(part: str, word: str) -> tuple[str, ...]:
    """The forms of a word: of a noun one and many, of a verb base, third person, past and -ing; else itself."""
    if part == "n":
        return word, plural(word)
    if part == "v":
        return word, third(word), past(word), ongoing(word)
    return (word,)


def plural(noun: str) -> str:
    """Many of a noun; the last word of several is inflected."""
    head, space, last = noun.rpartition(" ")
    return f"{head}{space}{_plural(last)}"


def _plural(noun: str) -> str:
    if noun in _PLURALS:
        return _PLURALS[noun]
    if noun in _UNCOUNTED:
        return noun
    return third(noun)


def third(verb: str) -> str:
    """``tries``, ``goes``, ``asks``: the third person of a verb, and the plural of a regular noun."""
    if verb.endswith(("s", "x", "z", "ch", "sh")) or verb in ("go", "do", "veto", "tomato"):
        return f"{verb}es"
    if verb.endswith("y") and verb[-2:-1] not in "aeiou":
        return f"{verb[:-1]}ies"
    return f"{verb}s"


def past(verb: str) -> str:
    """The past of a verb, which the regular ones share with the participle."""
    if verb in _PAST:
        return _PAST[verb]
    if verb.endswith("e"):
        return f"{verb}d"
    if verb.endswith("y") and verb[-2:-1] not in "aeiou":
        return f"{verb[:-1]}ied"
    return f"{_stem(verb)}ed"


def ongoing(verb: str) -> str:
    """The -ing form of a verb."""
    if verb.endswith("ie"):
        return f"{verb[:-2]}ying"
    if verb.endswith("e") and not verb.endswith(("ee", "oe", "ye")):
        return f"{verb[:-1]}ing"
    return f"{_stem(verb)}ing"


def _stem(verb: str) -> str:
    return verb + verb[-1] if verb in _DOUBLED else verb
