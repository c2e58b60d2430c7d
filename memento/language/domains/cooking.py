"""The domain of a kitchen: cooks, dishes, ingredients, tools, guests, menus and suppliers."""

from __future__ import annotations

from memento.language.choices import choices, numbers, product
from memento.language.domains.people import DATES, PEOPLE, WEEKDAYS, WEEKLY, WORK_TIMES
from memento.language.lexicon import Term, compose

DISHES = product(
    "the ",
    ("smoked", "braised", "pickled", "grilled", "roasted", "lemon", "saffron", "winter", "spicy", "harvest"),
    " ",
    ("lentil", "carrot", "trout", "mushroom", "pumpkin", "chicken", "fennel", "barley", "leek", "plum"),
    (" soup", " stew", " tart", " salad", " pie", " risotto"),
)
INGREDIENTS = product(
    ("dried", "fresh", "wild", "aged", "toasted", "salted", "organic"),
    " ",
    (
        "thyme",
        "butter",
        "walnuts",
        "apricots",
        "rye flour",
        "goat cheese",
        "capers",
        "barley",
        "honey",
        "anchovies",
        "chestnuts",
    ),
    ("", " from the coast", " from the hills", " in jars", " in bulk"),
)
TOOLS = product(
    "the ",
    ("copper", "iron", "small", "large", "old", "new"),
    (" pan", " mixer", " oven", " scale", " press", " smoker", " pot"),
    (" at station ", " of shelf "),
    numbers(1, 20),
)
MENUS = product(
    "the ",
    (
        "spring",
        "summer",
        "autumn",
        "winter",
        "wedding",
        "market",
        "tasting",
        "lunch",
        "brunch",
        "harvest",
        "Sunday",
        "lakeside",
        "garden",
        "festival",
        "family",
        "late",
        "staff",
    ),
    (" menu", " card", " buffet"),
    ("", " for the terrace", " for groups", " for children"),
)
SUPPLIERS = product(
    (
        "Alder",
        "Brook",
        "Coast",
        "Dune",
        "Elm",
        "Field",
        "Glen",
        "Heath",
        "Isle",
        "Knoll",
        "Lake",
        "Moor",
        "North",
        "Oak",
    ),
    (" Farm", " Dairy", " Fish", " Mill", " Bakery"),
    ("", " & Daughters", " Direct"),
)
NAMES = {
    "cook": PEOPLE,
    "dish": DISHES,
    "ingredient": INGREDIENTS,
    "tool": TOOLS,
    "guest": PEOPLE,
    "menu": MENUS,
    "supplier": SUPPLIERS,
}
ASPECTS = {
    "cook": ("station", "specialty", "day off", "apprentice", "shift start", "training"),
    "dish": ("cooking time", "oven temperature", "garnish", "allergen", "price", "complaint", "plate"),
    "ingredient": ("shelf life", "origin", "substitute", "price", "storage place", "use"),
    "tool": ("known defect", "cleaning rule", "owner", "service date", "setting"),
    "guest": ("table", "allergy", "favorite drink", "occasion", "seating wish", "birthday"),
    "menu": ("start date", "wine pairing", "course count", "author", "open question"),
    "supplier": ("delivery day", "order deadline", "contact person", "discount", "complaint"),
}
TERMS = (
    Term(
        "station",
        True,
        choices(
            "the grill",
            "the cold station",
            "pastry",
            "the sauce station",
            "the fish station",
            "the pass",
            "the bread oven",
            "prep",
        ),
        ("{e} works at {v}", "{e} is in charge of {v}", "{e} was moved to {v}"),
    ),
    Term(
        "specialty",
        False,
        choices(
            "puff pastry",
            "fermentation",
            "raw fish",
            "charcoal grilling",
            "chocolate work",
            "sourdough",
            "sauces",
            "game",
            "vegetable terrines",
        ),
        ("{e} is good at {v}", "{e} is known for {v}", "{e} teaches {v}"),
    ),
    Term(
        "day off",
        True,
        choices(*WEEKDAYS, "every other Friday"),
        ("{e} is free on {v}", "{e} does not cook on {v}", "the roster has {e} off on {v}"),
    ),
    Term("apprentice", True, PEOPLE, ("{v} learns from {e}", "{e} trains {v}", "{e} has {v} as apprentice")),
    Term(
        "shift start", True, WORK_TIMES, ("{e} starts at {v}", "{e} comes in at {v}", "the shift of {e} begins at {v}")
    ),
    Term(
        "training",
        False,
        product(
            ("a course", "a week", "a stage", "a tasting"),
            (" in Lyon", " on knives", " on wine", " on hygiene", " with the baker"),
        ),
        ("{e} took {v}", "{e} signed up for {v}", "{e} asked for {v}"),
    ),
    Term(
        "cooking time",
        True,
        product(numbers(5, 240, 5), (" minutes", " minutes covered", " minutes at low heat")),
        ("{e} takes {v}", "{e} cooks for {v}", "{e} needs {v}"),
    ),
    Term(
        "oven temperature",
        True,
        product(numbers(80, 280, 5), " degrees"),
        ("{e} bakes at {v}", "{e} goes in at {v}", "{e} wants {v}"),
    ),
    Term(
        "garnish",
        False,
        choices(
            "chives",
            "toasted seeds",
            "lemon zest",
            "fried sage",
            "dill oil",
            "pickled onions",
            "breadcrumbs",
            "sour cream",
            "pomegranate",
        ),
        ("{e} is served with {v}", "{e} is finished with {v}", "on top of {e} goes {v}"),
    ),
    Term(
        "allergen",
        False,
        choices("nuts", "gluten", "milk", "celery", "mustard", "eggs", "fish", "sesame", "sulfites"),
        ("{e} contains {v}", "{e} has traces of {v}", "the card of {e} lists {v}"),
    ),
    Term(
        "price",
        True,
        product(numbers(3, 60), (" euros", " euros a kilo", " euros a portion")),
        ("{e} costs {v}", "{e} is sold at {v}", "we count {v} for {e}"),
    ),
    Term(
        "complaint",
        False,
        product(
            ("too salty", "cold in the middle", "late", "too small", "bitter", "soggy"),
            (" at lunch", " on Sunday", " at table nine", " since the new cook", " twice this week"),
        ),
        ("{e} was called {v}", "{e} came back as {v}", "somebody found {e} {v}"),
    ),
    Term(
        "plate",
        True,
        product(
            ("a deep bowl", "the black plate", "a wooden board", "a copper pan", "the large oval", "a glass jar"),
            ("", " for now"),
        ),
        ("{e} goes on {v}", "{e} is served in {v}", "for {e} we use {v}"),
    ),
    Term(
        "shelf life",
        True,
        product(numbers(1, 60), (" days", " days in the cold", " days once opened")),
        ("{e} keeps for {v}", "{e} is good for {v}", "{e} lasts {v}"),
    ),
    Term(
        "origin",
        True,
        choices("Provence", "the Alps", "Andalusia", "the Baltic coast", "Sicily", "Brittany", "Tyrol", "the Azores"),
        ("{e} comes from {v}", "{e} is grown in {v}", "we buy {e} from {v}"),
    ),
    Term(
        "substitute",
        False,
        choices("thyme", "margarine", "hazelnuts", "dates", "spelt flour", "feta", "olives", "rice", "maple syrup"),
        ("{e} can be replaced by {v}", "instead of {e} use {v}", "{v} stands in for {e}"),
    ),
    Term(
        "storage place",
        True,
        product(("shelf ", "crate ", "fridge ", "bin "), numbers(1, 40)),
        ("{e} is in {v}", "{e} is kept in {v}", "{e} lies in {v}"),
    ),
    Term(
        "use",
        False,
        choices("stocks", "marinades", "desserts", "dressings", "stuffing", "glazes", "bread", "staff meals"),
        ("{e} is for {v}", "{e} goes into {v}", "we keep {e} for {v}"),
    ),
    Term(
        "known defect",
        False,
        product(
            ("a loose handle", "a hot spot", "a weak motor", "a broken dial"),
            (" on the left", " when full", " since the move", " in the evening"),
        ),
        ("{e} has {v}", "{e} suffers from {v}", "{e} shows {v}"),
    ),
    Term(
        "cleaning rule",
        True,
        product(
            ("by hand only", "with salt", "after every use", "on Mondays", "with vinegar", "without soap"),
            ("", " for now"),
        ),
        ("{e} is cleaned {v}", "{e} has to be washed {v}", "the night crew scrubs {e} {v}"),
    ),
    Term("owner", True, PEOPLE, ("{v} looks after {e}", "{e} belongs to {v}", "{v} knows about {e}")),
    Term(
        "service date",
        True,
        DATES,
        ("{e} is serviced on {v}", "{e} is due for a check on {v}", "the fitter sees {e} on {v}"),
    ),
    Term(
        "setting",
        False,
        product(("level ", "speed ", "notch "), numbers(1, 10)),
        ("{e} works best at {v}", "{e} runs on {v}", "cooks set {e} to {v}"),
    ),
    Term("table", True, product("table ", numbers(1, 60)), ("{e} sits at {v}", "{e} has {v}", "{e} booked {v}")),
    Term(
        "allergy",
        False,
        product(("peanuts", "shellfish", "milk", "eggs", "wheat", "soy", "celery"), ("", " for now")),
        ("{e} is allergic to {v}", "{e} must avoid {v}", "dishes for {e} are made without {v}"),
    ),
    Term(
        "favorite drink",
        True,
        product(
            ("dry cider", "mint tea", "red vermouth", "oat coffee", "tonic", "tomato juice", "pale ale"),
            ("", " for now"),
        ),
        ("{e} drinks {v}", "{e} likes {v}", "the bar brings {e} {v}"),
    ),
    Term(
        "occasion",
        False,
        product(("a birthday", "an anniversary", "a christening", "a deal"), " on ", DATES),
        ("{e} celebrates {v}", "{e} plans {v}", "{e} comes for {v}"),
    ),
    Term(
        "seating wish",
        False,
        product(
            ("by the window", "far from the kitchen", "outside", "near the door", "in the corner", "with a high chair"),
            ("", " for now"),
        ),
        ("{e} wants to sit {v}", "{e} asked for a seat {v}", "the host seats {e} {v}"),
    ),
    Term("birthday", True, DATES, ("{e} was born on {v}", "{e} has a birthday on {v}", "a cake for {e} is due on {v}")),
    Term("start date", True, DATES, ("{e} starts on {v}", "{e} is served from {v}", "{e} replaces the old one on {v}")),
    Term(
        "wine pairing",
        False,
        product(
            ("a dry riesling", "a light gamay", "a brut", "an orange wine", "a sherry", "a rosé"), ("", " for now")
        ),
        ("{e} goes with {v}", "{e} is paired with {v}", "for {e} we pour {v}"),
    ),
    Term(
        "course count",
        True,
        product(numbers(2, 12), " courses"),
        ("{e} has {v}", "{e} comes in {v}", "{e} runs to {v}"),
    ),
    Term("author", True, PEOPLE, ("{v} wrote {e}", "{e} is by {v}", "{e} was designed by {v}")),
    Term(
        "open question",
        False,
        product(
            ("the dessert", "the price", "the bread", "the vegan option", "the order of courses"), ("", " for now")
        ),
        ("{e} still leaves open {v}", "for {e} we have to settle {v}", "{e} is stuck on {v}"),
    ),
    Term("delivery day", True, WEEKLY, ("{e} delivers {v}", "{e} comes {v}", "the van of {e} is here {v}")),
    Term(
        "order deadline",
        True,
        product(WEEKDAYS, " at ", WORK_TIMES),
        ("orders at {e} close {v}", "{e} takes orders until {v}", "{e} must be called by {v}"),
    ),
    Term("contact person", True, PEOPLE, ("{v} answers at {e}", "calls to {e} go to {v}", "{e} sends {v}")),
    Term(
        "discount",
        False,
        product(numbers(2, 30), " percent", (" on crates", " in summer", " for cash", " over 200 euros")),
        ("{e} gives {v}", "{e} offered {v}", "at {e} we get {v}"),
    ),
)
GOALS = (
    "plan the prep for {t}",
    "write the card for {t}",
    "order what we need for {t}",
    "fix the trouble with {t}",
    "taste and adjust {t}",
    "cost {t} again",
    "get ready for {t}",
    "bring the notes on {t} up to date",
    "find out what changed with {t}",
    "make a list for {t}",
    "answer a guest's question about {t}",
    "decide what to do next about {t}",
)
DEPENDENCIES = (
    ("cook", "makes", "dish"),
    ("dish", "needs", "ingredient"),
    ("dish", "needs", "tool"),
    ("menu", "lists", "dish"),
    ("supplier", "delivers", "ingredient"),
    ("guest", "ordered", "dish"),
    ("cook", "writes", "menu"),
    ("cook", "uses", "tool"),
    ("guest", "booked", "menu"),
    ("menu", "relies_on", "supplier"),
)
DOMAIN = compose("cooking", NAMES, ASPECTS, TERMS, GOALS, DEPENDENCIES)
