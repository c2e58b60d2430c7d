"""The words around a fact: how memories and turns open, join and end, in every domain.

Marks: {e} entity, {a} aspect, {v} value, {o} the value before, {t} topic.
"""

from __future__ import annotations

from memento.language.choices import Choices, choices, product

MANY = "one {a} of {e} is {v}"
GENERAL = (
    "the {a} of {e} is {v}",
    "{e} has {v} as its {a}",
    "for {e}, the {a} is {v}",
    "as for the {a} of {e}, it is {v}",
)

_Frames = tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]

FRAMES: dict[str, _Frames] = {
    "attribute": (
        (("",), (".", ", as of now.", ", according to the last check.", ", and that is confirmed.")),
        (
            ("Note that ", "Remember that ", "It is settled that ", "For the record, ", "As far as we know, ",
             "The user mentioned that ", "We agreed that "),
            (".",),
        ),
    ),
    "constraint": (
        (
            ("Always keep in mind: ", "Never plan against this: ", "Fixed point: ", "Before anything else: ",
             "This holds in every session: "),
            (".", ", without exception.", ", whatever else changes."),
        ),
        (("",), (", and every plan must respect that.", "; treat this as a given.", ", and nothing overrules that.")),
    ),
    "episode": (
        (
            ("In this session we found that ", "It came up today that ", "While working we noticed that ",
             "The user explained that ", "After some digging it turned out that ", "We talked it through: ",
             "At the end of the session it was clear that "),
            (".", ", which helped.", ", which settled the question."),
        ),
    ),
    "superseding": (
        (("",), (" now, instead of {o}.", " from now on; before, it was {o}.", ", no longer {o}.")),
        (("Update: ", "Correction: ", "This has changed: ", "Since the switch away from {o}, "), (".",)),
        (("It used to be {o}, but now ", "Forget {o}: "), (".",)),
    ),
}  # fmt: skip

REQUESTS: _Frames = (
    (("Can you help me ", "Could you help me "), ("?", " today?", " before lunch?", " while we have an hour?")),
    (("I need to ", "Today I want to ", "Next on my list: ", "Let's "), (".", ", and I could use a hand.",
                                                                      ". Where should we start?")),
)  # fmt: skip

_ABOUT = ("the {a} of {e}", "{e}'s {a}")
FOLLOW_UPS: Choices = product(
    ("And what do we know about ", "What about ", "Remind me of ", "Do we have anything on ", "Anything noted about "),
    _ABOUT,
    "?",
) + product(("Good. ", "Thanks. ", "That helps. ", "Right. "), ("Now ", "Next, "), _ABOUT, (", please.",))

FIRST_ANSWERS = (
    "Sure. From what I remember, ",
    "Of course. One thing first: ",
    "Happy to. I have on record that ",
    "Yes. Keep in mind that ",
    "Let's see. As noted earlier, ",
)
ANSWERS = (
    "I remember that ",
    "My notes say that ",
    "As far as I know, ",
    "According to what you told me, ",
    "You mentioned that ",
    "It is on record that ",
)
ANSWER_ENDS = (".", ", so I would build on that.", ". Does that still hold?", ". That should be enough to go on.")

NOTHING_KNOWN = choices(
    "I have nothing on record about {t} yet. Tell me what matters and I will keep it.",
    "That is new to me. What should I know about {t}?",
    "I do not remember anything about {t} so far. Where do we start?",
    "Nothing stored on {t} yet; walk me through it.",
)

TELLING = (
    "One more thing: ",
    "By the way, ",
    "Please note that ",
    "Something new: ",
    "For next time, remember that ",
    "You should know that ",
)
NOTED = choices(
    "Noted.",
    "Got it, I will keep that in mind.",
    "Thanks, I have written down the {a} of {e}.",
    "Understood. I will use that from now on.",
    "Stored: {a} of {e}.",
    "Good to know; I have added it to what I know about {e}.",
)

CLOSINGS = {
    "solved": choices(
        "Perfect, that is all I needed for {t}.",
        "Great, {t} is done then. Thank you!",
        "That worked. Thanks for the help with {t}.",
        "Exactly what I was after.",
        "Good, we can close the topic of {t}.",
    ),
    "partial": choices(
        "That gets me part of the way with {t}.",
        "Some of that helps; the rest I will check myself.",
        "Fine for now, we will come back to {t}.",
        "Half of it is done. Let's continue another time.",
        "Not everything fits, but it is a start on {t}.",
    ),
    "unsolved": choices(
        "That does not help with {t}, sorry.",
        "This is not what I asked for.",
        "I do not think that is right any more. Let's stop here.",
        "Hmm, none of that gets me further with {t}.",
        "I will have to ask somebody else about {t}.",
    ),
}
FAREWELLS = {
    "solved": choices("Glad that worked.", "You're welcome.", "Any time.", "Good. Call me when {t} comes up again."),
    "partial": choices(
        "All right, I will keep {t} open.",
        "Then let's pick it up from here next time.",
        "Understood; I have noted where we stopped.",
        "Fair enough. I will look for more on {t}.",
    ),
    "unsolved": choices(
        "Sorry about that. I will look into {t} again.",
        "I understand. Tell me what I got wrong when you have a moment.",
        "My mistake; I will not lean on that again.",
        "Then I have nothing better on {t} for now.",
    ),
}
