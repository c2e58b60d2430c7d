"""The domain of a law firm: clients, lawyers, cases, contracts, courts, statutes and deadlines."""

from __future__ import annotations

from memento.language.choices import choices, numbers, product
from memento.language.domains.people import CITIES, DATES, PEOPLE, WEEKDAYS, WORK_TIMES
from memento.language.domains.support import COMPANIES
from memento.language.lexicon import Term, compose

CASES = product(
    (
        "Adler",
        "Brandt",
        "Castillo",
        "Dufour",
        "Eriksen",
        "Fontana",
        "Graf",
        "Horvat",
        "Ivanova",
        "Jensen",
        "Kaplan",
        "Lorenz",
        "Mbeki",
        "Nilsson",
        "Ortega",
        "Pavlov",
        "Quist",
        "Rinaldi",
        "Sorensen",
        "Tamm",
    ),
    " v. ",
    (
        "Atlas Holding",
        "Borealis",
        "the city",
        "Crown Estates",
        "Delta Freight",
        "the insurer",
        "Evergreen",
        "the landlord",
        "Fairway",
        "the state",
    ),
)
CONTRACTS = product(
    "the ",
    ("lease", "supply", "license", "employment", "service", "franchise", "loan", "purchase", "distribution", "escrow"),
    (" agreement", " contract", " addendum"),
    (" with ",),
    ("Alder", "Birch", "Cobalt", "Delta", "Ember", "Fjord", "Granite", "Harbor", "Indigo", "Juniper"),
)
COURTS = product(
    "the ",
    ("district", "labor", "commercial", "appeal", "family", "administrative", "tax"),
    (" court", " chamber", " registry"),
    tuple(f" in {city}" for city in CITIES),
)
STATUTES = product(
    "section ",
    numbers(1, 240),
    " of the ",
    ("tenancy", "data protection", "labor", "company", "tax", "consumer", "insolvency", "procedure"),
    (" act", " code"),
)
FIRMS = product(
    (
        "Adler",
        "Brook",
        "Carver",
        "Doyle",
        "Ellis",
        "Frost",
        "Grant",
        "Hale",
        "Irwin",
        "Joyce",
        "Kemp",
        "Lowe",
        "Marsh",
        "Nash",
        "Orton",
        "Pike",
        "Quill",
        "Reeve",
        "Stone",
        "Tate",
    ),
    " & ",
    ("Partners", "Sons", "Webb", "Young", "Zahn", "Daughters", "Vane", "Urban", "Thorn", "Stark", "Rowe"),
)
NAMES = {
    "client": COMPANIES,
    "lawyer": PEOPLE,
    "case": CASES,
    "contract": CONTRACTS,
    "court": COURTS,
    "statute": STATUTES,
    "firm": FIRMS,
}
ASPECTS = {
    "client": ("contact person", "hourly rate", "conflict", "billing day", "preferred channel", "open matter"),
    "lawyer": ("practice area", "paralegal", "hearing", "bar number", "working language", "capacity"),
    "case": (
        "hearing date",
        "judge",
        "claim amount",
        "witness",
        "next step",
        "status",
        "weak point",
        "settlement offer",
    ),
    "contract": ("notice period", "expiry date", "governing law", "penalty clause", "signatory", "open clause"),
    "court": ("clerk", "filing fee", "opening time", "local rule", "filing channel"),
    "statute": ("limitation period", "leading case", "exception", "amendment date", "reading"),
    "firm": ("counsel", "office", "strategy", "retainer", "preferred channel"),
}
TERMS = (
    Term(
        "contact person", True, PEOPLE, ("{v} speaks for {e}", "{e} is represented by {v}", "{v} is the contact at {e}")
    ),
    Term(
        "hourly rate",
        True,
        product(numbers(120, 600, 10), (" euros", " euros for partners", " euros for associates")),
        ("{e} is billed at {v}", "{e} pays {v} an hour", "the rate agreed with {e} is {v}"),
    ),
    Term(
        "conflict",
        False,
        product(
            ("a former mandate", "a family tie", "a shared director", "a joint patent"),
            " with ",
            ("Alder", "Birch", "Cobalt", "Delta", "Ember", "Fjord", "Granite"),
        ),
        ("{e} has {v}", "{e} disclosed {v}", "for {e} we noted {v}"),
    ),
    Term(
        "billing day",
        True,
        product(
            "the ", ("first", "fifth", "tenth", "fifteenth", "twentieth", "last day"), " of the month", ("", " for now")
        ),
        ("{e} is billed on {v}", "invoices to {e} go out on {v}", "{e} pays on {v}"),
    ),
    Term(
        "preferred channel",
        True,
        product(("email", "phone calls", "letters", "the secure portal", "video calls", "a courier"), ("", " for now")),
        ("{e} prefers {v}", "{e} wants to hear from us by {v}", "{e} answers best to {v}"),
    ),
    Term(
        "open matter",
        False,
        product(
            ("a license", "a merger", "a dismissal", "a lease", "a trademark", "a tax audit"),
            (" in the north", " since spring", " before the board", " under appeal", " with the authority"),
        ),
        ("{e} is busy with {v}", "{e} asked us about {v}", "{e} has pending {v}"),
    ),
    Term(
        "practice area",
        False,
        choices(
            "tenancy law",
            "labor law",
            "tax law",
            "data protection",
            "mergers",
            "family law",
            "insolvency",
            "patents",
            "criminal defense",
            "public procurement",
        ),
        ("{e} works in {v}", "{e} is known for {v}", "{e} takes matters of {v}"),
    ),
    Term("paralegal", True, PEOPLE, ("{v} assists {e}", "{e} is assisted by {v}", "papers for {e} go to {v}")),
    Term(
        "hearing",
        False,
        product(WEEKDAYS, " at ", WORK_TIMES),
        ("{e} is in court {v}", "{e} has a hearing {v}", "{e} pleads {v}"),
    ),
    Term(
        "bar number",
        True,
        product(numbers(10, 99), "-", numbers(100, 999)),
        ("{e} is registered as {v}", "{e} has {v} at the bar", "{e} signs with {v}"),
    ),
    Term(
        "working language",
        False,
        product(("English", "German", "French", "Spanish", "Polish", "Dutch", "Italian"), ("", " for now")),
        ("{e} pleads in {v}", "{e} drafts in {v}", "{e} works in {v}"),
    ),
    Term(
        "capacity",
        True,
        product(numbers(5, 40, 5), (" hours a week", " hours this month", " hours until the trial")),
        ("{e} has {v} left", "{e} can give {v}", "{e} offered {v}"),
    ),
    Term("hearing date", True, DATES, ("{e} is heard on {v}", "{e} is listed for {v}", "the hearing of {e} is on {v}")),
    Term("judge", True, PEOPLE, ("{v} hears {e}", "{e} is before {v}", "{e} was assigned to {v}")),
    Term(
        "claim amount",
        True,
        product(numbers(5, 950, 5), (" thousand euros", " thousand euros plus interest")),
        ("{e} is about {v}", "the claim in {e} is {v}", "{e} is worth {v}"),
    ),
    Term("witness", False, PEOPLE, ("{v} testifies in {e}", "{e} rests on {v}", "{v} was named in {e}")),
    Term(
        "next step",
        True,
        product(
            ("a reply", "a motion", "a settlement call", "an expert report", "a disclosure list"), " on ", WEEKDAYS
        ),
        ("the next move in {e} is {v}", "{e} waits for {v}", "for {e} we planned {v}"),
    ),
    Term(
        "status",
        True,
        choices(
            "open",
            "stayed",
            "under appeal",
            "settled in principle",
            "awaiting judgment",
            "closed",
            "referred to mediation",
            "dismissed in part",
        ),
        ("{e} is {v}", "{e} is now {v}", "the state of {e} is {v}"),
    ),
    Term(
        "weak point",
        False,
        product(
            ("a late notice", "a missing signature", "an unclear date", "a lost annex", "a biased witness"),
            (" on our side", " on their side", " in the first brief", " in the file"),
        ),
        ("{e} suffers from {v}", "{e} turns on {v}", "a risk in {e} is {v}"),
    ),
    Term(
        "settlement offer",
        True,
        product(numbers(5, 400, 5), " thousand euros", ("", " in two rates", " without costs")),
        ("{e} could settle at {v}", "they offered {v} in {e}", "the last offer in {e} was {v}"),
    ),
    Term(
        "notice period",
        True,
        product(numbers(1, 12), (" months", " months to the quarter", " weeks")),
        ("{e} can be ended with {v}", "{e} has a notice period of {v}", "leaving {e} takes {v}"),
    ),
    Term("expiry date", True, DATES, ("{e} runs until {v}", "{e} expires on {v}", "{e} ends on {v}")),
    Term(
        "governing law",
        True,
        product(
            ("German law", "English law", "French law", "Swiss law", "Dutch law", "Spanish law", "the law of Delaware"),
            ("", " for now"),
        ),
        ("{e} is under {v}", "{e} is governed by {v}", "disputes on {e} follow {v}"),
    ),
    Term(
        "penalty clause",
        False,
        product(numbers(1, 25), " percent", (" a week", " a month", " at once", " of the price")),
        ("{e} sets a penalty of {v}", "{e} threatens {v}", "being late under {e} costs {v}"),
    ),
    Term("signatory", False, PEOPLE, ("{v} signed {e}", "{e} needs the signature of {v}", "{e} is signed by {v}")),
    Term(
        "open clause",
        False,
        choices(
            "liability",
            "confidentiality",
            "warranty",
            "termination",
            "audit rights",
            "force majeure",
            "exclusivity",
            "price review",
        ),
        ("{e} still leaves open {v}", "in {e} we argue about {v}", "{e} is unsettled on {v}"),
    ),
    Term("clerk", True, PEOPLE, ("{v} is the clerk of {e}", "{e} is reached through {v}", "calls to {e} go to {v}")),
    Term(
        "filing fee",
        True,
        product(numbers(50, 990, 10), " euros"),
        ("{e} charges {v}", "a filing at {e} costs {v}", "{e} asks for {v}"),
    ),
    Term(
        "opening time",
        True,
        product(WORK_TIMES, " to ", ("15:00", "16:00", "17:30")),
        ("{e} is open from {v}", "{e} takes papers from {v}", "the desk of {e} is staffed from {v}"),
    ),
    Term(
        "local rule",
        False,
        product(
            (
                "paper copies in threes",
                "robes at all hearings",
                "no phones",
                "briefs of ten pages",
                "a list of exhibits",
                "translations by sworn experts",
            ),
            ("", " for now"),
        ),
        ("{e} insists on {v}", "at {e} the rule is {v}", "{e} asks for {v}"),
    ),
    Term(
        "filing channel",
        False,
        product(("the court portal", "registered mail", "fax", "personal delivery", "a courier"), ("", " for now")),
        ("{e} accepts {v}", "{e} takes filings by {v}", "papers reach {e} by {v}"),
    ),
    Term(
        "limitation period",
        True,
        product(numbers(1, 30), (" years", " years from notice", " years from delivery")),
        ("{e} bars claims after {v}", "under {e} time runs out in {v}", "{e} sets {v}"),
    ),
    Term("leading case", False, CASES, ("{e} was read in {v}", "on {e} the authority is {v}", "{v} settled {e}")),
    Term(
        "exception",
        False,
        product(
            ("consumers", "small companies", "minors", "public bodies", "heirs", "good-faith buyers"), ("", " for now")
        ),
        ("{e} spares {v}", "{e} makes an exception for {v}", "{v} fall outside {e}"),
    ),
    Term(
        "amendment date",
        True,
        DATES,
        ("{e} was amended on {v}", "{e} changes on {v}", "the new text of {e} dates from {v}"),
    ),
    Term(
        "reading",
        True,
        product(
            ("narrowly", "widely", "by its purpose", "by its wording", "with the directive", "with the constitution"),
            ("", " for now"),
        ),
        ("{e} is read {v}", "the courts take {e} {v}", "{e} is understood {v}"),
    ),
    Term("counsel", True, PEOPLE, ("{v} acts for {e}", "{e} sends {v}", "{e} is led by {v}")),
    Term("office", False, choices(*CITIES), ("{e} has an office in {v}", "{e} works from {v}", "{e} opened in {v}")),
    Term(
        "strategy",
        False,
        product(("delay", "early settlement", "many motions", "press work", "an expert battle"), ("", " for now")),
        ("{e} relies on {v}", "{e} is known for {v}", "{e} likes {v}"),
    ),
    Term(
        "retainer",
        True,
        product(numbers(1, 60), " thousand euros"),
        ("{e} asks for {v}", "{e} works on {v}", "{e} was paid {v}"),
    ),
)
GOALS = (
    "draft a brief on {t}",
    "prepare the hearing about {t}",
    "check the deadlines of {t}",
    "sum up {t} for a partner",
    "answer the client's question about {t}",
    "find the weak spot in our view of {t}",
    "compare our notes on {t}",
    "decide what to file about {t}",
    "bring the file on {t} up to date",
    "plan the next step on {t}",
    "get the facts on {t} straight",
    "prepare a call about {t}",
)
DEPENDENCIES = (
    ("lawyer", "represents", "client"),
    ("client", "party_to", "case"),
    ("case", "heard_by", "court"),
    ("case", "turns_on", "statute"),
    ("client", "bound_by", "contract"),
    ("lawyer", "belongs_to", "firm"),
    ("contract", "under", "statute"),
    ("case", "about", "contract"),
    ("lawyer", "handles", "case"),
    ("firm", "appears_before", "court"),
)
DOMAIN = compose("law", NAMES, ASPECTS, TERMS, GOALS, DEPENDENCIES)
