"""The domain of an investment office: clients, funds, companies, accounts, analysts, rules and markets."""

from __future__ import annotations

from memento.language.choices import choices, numbers, product
from memento.language.domains.people import DATES, PEOPLE, WEEKDAYS, WEEKLY, WORK_TIMES
from memento.language.domains.support import COMPANIES
from memento.language.lexicon import Term, compose

FUNDS = product(
    "the ",
    ("Alpine", "Baltic", "Coastal", "Dynamic", "Evergreen", "Frontier", "Global", "Horizon", "Income", "Legacy"),
    (" equity", " bond", " balanced", " real estate", " money market", " climate", " credit"),
    (" fund", " trust", " note"),
)
ACCOUNTS = product(("custody", "trading", "savings", "margin", "pension", "escrow"), " account ", numbers(100, 999))
RULES = product(
    "the ",
    (
        "liquidity",
        "concentration",
        "suitability",
        "reporting",
        "hedging",
        "rebalancing",
        "disclosure",
        "fee",
        "order",
        "settlement",
        "custody",
        "valuation",
        "benchmark",
        "complaint",
    ),
    (" rule", " policy", " limit"),
    ("", " for funds", " for private clients", " for pensions", " at month end"),
)
MARKETS = product(
    "the ",
    (
        "copper",
        "wheat",
        "gas",
        "power",
        "gold",
        "coffee",
        "freight",
        "carbon",
        "cocoa",
        "oil",
        "silver",
        "sugar",
        "rubber",
        "cotton",
        "lumber",
        "milk",
        "zinc",
        "tin",
        "nickel",
        "rice",
    ),
    (" market", " desk", " index"),
    ("", " in Europe", " in Asia", " in America"),
)
NAMES = {
    "client": PEOPLE,
    "fund": FUNDS,
    "company": COMPANIES,
    "account": ACCOUNTS,
    "analyst": PEOPLE,
    "rule": RULES,
    "market": MARKETS,
}
ASPECTS = {
    "client": ("risk profile", "adviser", "holding", "income need", "exclusion", "meeting day", "tax residence"),
    "fund": ("manager", "fee", "benchmark", "top position", "cash share", "redemption notice"),
    "company": ("rating", "credit line", "dividend", "chief executive", "risk", "report date", "supplier"),
    "account": ("balance", "owner", "standing order", "interest rate", "card limit"),
    "analyst": ("sector", "target price model", "supervisor", "report day", "desk phone"),
    "rule": ("threshold", "approver", "exception", "review date", "required proof"),
    "market": ("trading time", "broker", "volatility", "driver", "settlement period"),
}
TERMS = (
    Term(
        "risk profile",
        True,
        product(
            ("cautious", "balanced", "growth", "speculative", "steady"),
            (" profile", " profile until retirement", " profile for the trust", " profile after the review"),
        ),
        ("{e} has a {v}", "{e} was classed with a {v}", "we invest for {e} by a {v}"),
    ),
    Term("adviser", True, PEOPLE, ("{v} advises {e}", "{e} is looked after by {v}", "{e} belongs to the book of {v}")),
    Term(
        "holding",
        False,
        product(
            numbers(10, 900, 10),
            " shares of ",
            ("Alder", "Birch", "Cobalt", "Delta", "Ember", "Fjord", "Granite", "Harbor"),
        ),
        ("{e} holds {v}", "{e} bought {v}", "{e} keeps {v}"),
    ),
    Term(
        "income need",
        True,
        product(numbers(500, 9000, 100), (" euros a month", " euros a quarter")),
        ("{e} needs {v}", "{e} draws {v}", "{e} lives on {v}"),
    ),
    Term(
        "exclusion",
        False,
        choices("tobacco", "arms", "coal", "gambling", "airlines", "crypto assets", "palm oil", "emerging markets"),
        ("{e} excludes {v}", "{e} stays away from {v}", "{e} asked to leave out {v}"),
    ),
    Term("meeting day", False, WEEKLY, ("{e} meets us {v}", "{e} calls {v}", "the review with {e} is {v}")),
    Term(
        "tax residence",
        True,
        choices("Germany", "France", "Spain", "Portugal", "Poland", "Austria", "Ireland", "Malta"),
        ("{e} pays taxes in {v}", "{e} is resident in {v}", "papers of {e} are for {v}"),
    ),
    Term("manager", True, PEOPLE, ("{v} runs {e}", "{e} is managed by {v}", "{e} is in the hands of {v}")),
    Term(
        "fee",
        True,
        product(numbers(5, 195, 5), (" basis points", " basis points plus performance")),
        ("{e} costs {v}", "{e} charges {v}", "holders of {e} pay {v}"),
    ),
    Term(
        "benchmark",
        True,
        product(
            ("the World", "the Europe", "the Small Cap", "the Bond", "the Value"),
            (" index", " index hedged", " index with dividends"),
        ),
        ("{e} is measured against {v}", "{e} follows {v}", "{e} has to beat {v}"),
    ),
    Term(
        "top position",
        False,
        product(
            ("Alder", "Birch", "Cobalt", "Delta", "Ember", "Fjord", "Granite", "Harbor"),
            " at ",
            numbers(2, 12),
            " percent",
        ),
        ("{e} is invested in {v}", "{e} has {v}", "in {e} weighs {v}"),
    ),
    Term(
        "cash share",
        True,
        product(numbers(0, 30), " percent"),
        ("{e} holds {v} in cash", "{e} keeps {v} liquid", "the cash of {e} is {v}"),
    ),
    Term(
        "redemption notice",
        True,
        product(numbers(1, 90), " days"),
        ("{e} redeems with {v} of notice", "leaving {e} takes {v}", "{e} pays out after {v}"),
    ),
    Term(
        "rating",
        True,
        product(
            ("AAA", "AA", "A", "BBB", "BB", "B", "CCC"),
            ("", " with a stable outlook", " under review", " with a weak outlook"),
        ),
        ("{e} is rated {v}", "agencies see {e} at {v}", "{e} stands at {v}"),
    ),
    Term(
        "credit line",
        True,
        product(numbers(1, 400), " million euros", ("", " drawn in part", " until June")),
        ("{e} has a line of {v}", "banks gave {e} {v}", "{e} can draw {v}"),
    ),
    Term(
        "dividend",
        True,
        product(numbers(5, 395, 5), " cents a share"),
        ("{e} pays {v}", "{e} announced {v}", "holders of {e} get {v}"),
    ),
    Term("chief executive", True, PEOPLE, ("{v} leads {e}", "{e} is led by {v}", "{v} speaks for {e}")),
    Term(
        "risk",
        False,
        product(
            ("a lawsuit", "a large client", "currency losses", "old plants", "a debt wall"),
            (" in Asia", " next year", " in the second half", " at the parent", " in the supply chain"),
        ),
        ("{e} is exposed to {v}", "{e} may suffer from {v}", "a worry about {e} is {v}"),
    ),
    Term("report date", True, DATES, ("{e} reports on {v}", "{e} publishes on {v}", "figures of {e} come on {v}")),
    Term(
        "supplier",
        False,
        product(("Alpine", "Baltic", "Coastal", "Danube", "Meadow"), (" Metals", " Chips", " Paper", " Freight")),
        ("{e} buys from {v}", "{e} depends on {v}", "{v} supplies {e}"),
    ),
    Term(
        "balance",
        True,
        product(numbers(1, 990), (" thousand euros", " thousand dollars", " thousand francs")),
        ("{e} holds {v}", "{e} stands at {v}", "there are {v} on {e}"),
    ),
    Term("owner", True, PEOPLE, ("{v} owns {e}", "{e} belongs to {v}", "{e} is in the name of {v}")),
    Term(
        "standing order",
        False,
        product(numbers(50, 950, 50), " euros on ", WEEKDAYS),
        ("{e} sends {v}", "{e} has an order for {v}", "from {e} goes {v}"),
    ),
    Term(
        "interest rate",
        True,
        product(numbers(0, 7), ".", numbers(0, 95, 5), " percent"),
        ("{e} earns {v}", "{e} bears {v}", "the rate of {e} is {v}"),
    ),
    Term(
        "card limit",
        True,
        product(numbers(500, 20000, 500), " euros"),
        ("{e} allows {v}", "cards of {e} stop at {v}", "{e} has a limit of {v}"),
    ),
    Term(
        "sector",
        False,
        choices("utilities", "chips", "banks", "retail", "pharma", "shipping", "chemicals", "media"),
        ("{e} covers {v}", "{e} follows {v}", "{e} writes on {v}"),
    ),
    Term(
        "target price model",
        True,
        product(
            (
                "discounted cash flow",
                "multiples",
                "sum of the parts",
                "book value",
                "a scenario tree",
                "dividend growth",
            ),
            ("", " for now"),
        ),
        ("{e} values by {v}", "{e} relies on {v}", "targets of {e} come from {v}"),
    ),
    Term("supervisor", True, PEOPLE, ("{e} reports to {v}", "{v} supervises {e}", "{e} answers to {v}")),
    Term("report day", False, WEEKLY, ("{e} publishes {v}", "{e} sends a note {v}", "notes of {e} come {v}")),
    Term(
        "desk phone",
        True,
        product("extension ", numbers(1000, 1999)),
        ("{e} is on {v}", "{e} is reached on {v}", "calls to {e} go to {v}"),
    ),
    Term(
        "threshold",
        True,
        product(numbers(1, 50), (" percent", " percent of assets", " million euros")),
        ("{e} bites at {v}", "{e} sets {v}", "{e} allows {v}"),
    ),
    Term("approver", True, PEOPLE, ("{v} grants relief from {e}", "{e} is signed by {v}", "{v} answers for {e}")),
    Term(
        "exception",
        False,
        product(
            ("index funds", "hedges", "inherited positions", "cash", "government bonds", "orders under a thousand"),
            ("", " for now"),
        ),
        ("{e} leaves out {v}", "{e} makes an exception for {v}", "{v} fall outside {e}"),
    ),
    Term(
        "review date", True, DATES, ("{e} is reviewed on {v}", "{e} is checked on {v}", "the text of {e} is due on {v}")
    ),
    Term(
        "required proof",
        False,
        product(("a signed form", "two quotes", "a stress test", "a recorded call", "a memo"), ("", " for now")),
        ("{e} asks for {v}", "{e} requires {v}", "{e} is met with {v}"),
    ),
    Term(
        "trading time",
        True,
        product(WORK_TIMES, " to ", ("16:00", "17:30", "20:00", "22:00")),
        ("{e} is open from {v}", "{e} trades from {v}", "orders reach {e} from {v}"),
    ),
    Term(
        "broker",
        False,
        product(("Adler", "Brook", "Carver", "Doyle", "Ellis"), (" Securities", " Markets", " & Co")),
        ("{v} quotes {e}", "we trade {e} through {v}", "{e} is served by {v}"),
    ),
    Term(
        "volatility",
        True,
        product(numbers(4, 80, 2), " percent"),
        ("{e} swings by {v}", "{e} moves at {v}", "the volatility of {e} is {v}"),
    ),
    Term(
        "driver",
        False,
        product(
            ("the weather", "freight rates", "storage", "the dollar", "strikes", "rate cuts", "exports"),
            ("", " for now"),
        ),
        ("{e} hangs on {v}", "{e} is moved by {v}", "{e} follows {v}"),
    ),
    Term(
        "settlement period",
        True,
        product(numbers(1, 5), (" days", " working days")),
        ("{e} settles in {v}", "trades on {e} take {v}", "{e} clears after {v}"),
    ),
)
GOALS = (
    "prepare the review of {t}",
    "write a note on {t}",
    "check the limits around {t}",
    "sum up {t} for the committee",
    "answer a client's question about {t}",
    "find the risk in our view of {t}",
    "compare the figures of {t}",
    "decide what to do about {t}",
    "bring the file on {t} up to date",
    "plan the next trade around {t}",
    "get the numbers on {t} straight",
    "prepare a call about {t}",
)
DEPENDENCIES = (
    ("client", "holds", "account"),
    ("client", "invests_in", "fund"),
    ("fund", "holds", "company"),
    ("analyst", "covers", "company"),
    ("fund", "bound_by", "rule"),
    ("account", "bound_by", "rule"),
    ("company", "trades_on", "market"),
    ("analyst", "watches", "market"),
    ("fund", "trades_on", "market"),
    ("client", "advised_by", "analyst"),
)
DOMAIN = compose("finance", NAMES, ASPECTS, TERMS, GOALS, DEPENDENCIES)
