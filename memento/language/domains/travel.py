"""The domain of a travel desk: travelers, trips, hotels, flights, guides, places and visas."""

from __future__ import annotations

from memento.language.choices import choices, numbers, product
from memento.language.domains.people import CITIES, DATES, PEOPLE, TIMES, WEEKDAYS, WORK_TIMES
from memento.language.lexicon import Term, compose

TRIPS = product(
    "the ",
    ("spring", "summer", "autumn", "winter", "family", "honeymoon", "business", "hiking", "museum", "sailing"),
    (" trip", " tour", " weekend"),
    tuple(f" to {city}" for city in CITIES),
)
HOTELS = product(
    ("Hotel ", "Pension ", "Villa ", "Lodge "),
    ("Aurora", "Bellevue", "Continental", "Diana", "Europa", "Flora", "Garden", "Helios", "Imperial"),
    tuple(f" {city}" for city in CITIES),
)
FLIGHTS = product("flight ", ("AX", "BK", "CR", "DV", "EM", "FL"), numbers(100, 999))
PLACES = product(
    "the ",
    ("old", "royal", "botanic", "maritime", "modern", "open-air", "city"),
    (" museum", " garden", " market", " theater", " tower", " bath"),
    tuple(f" of {city}" for city in CITIES),
)
VISAS = product(
    "the ",
    ("tourist", "business", "transit", "student", "family"),
    " visa for ",
    (
        "Kenya",
        "Chile",
        "Nepal",
        "Oman",
        "Peru",
        "Turkey",
        "Vietnam",
        "Egypt",
        "Jordan",
        "Georgia",
        "Cuba",
        "Laos",
        "Fiji",
        "Ghana",
        "Malawi",
        "Namibia",
        "Rwanda",
        "Senegal",
        "Tunisia",
        "Uganda",
        "Zambia",
        "Bhutan",
        "Nigeria",
        "Qatar",
        "Samoa",
        "Tonga",
        "Togo",
        "Benin",
        "Angola",
        "Algeria",
        "Armenia",
        "Bolivia",
        "Guyana",
        "Japan",
        "Brazil",
        "India",
        "Canada",
        "Korea",
        "Australia",
        "Colombia",
    ),
)
NAMES = {
    "traveler": PEOPLE,
    "trip": TRIPS,
    "hotel": HOTELS,
    "flight": FLIGHTS,
    "guide": PEOPLE,
    "place": PLACES,
    "visa": VISAS,
}
ASPECTS = {
    "traveler": ("seat wish", "loyalty program", "diet", "passport expiry", "phobia", "payment card"),
    "trip": ("start date", "budget", "stop", "coordinator", "status", "open question", "length"),
    "hotel": ("check-in time", "room type", "price", "complaint", "breakfast", "contact person"),
    "flight": ("departure", "gate", "baggage limit", "delay reason", "aircraft", "meal"),
    "guide": ("language", "base", "fee", "topic", "day off"),
    "place": ("opening time", "ticket price", "closing day", "highlight", "access"),
    "visa": ("processing time", "fee", "required proof", "office", "validity"),
}
TERMS = (
    Term(
        "seat wish",
        True,
        product(
            (
                "an aisle seat",
                "a window seat",
                "a seat near the exit",
                "an upper deck seat",
                "a seat at the front",
                "two seats together",
            ),
            ("", " for now"),
        ),
        ("{e} wants {v}", "{e} asked for {v}", "we book {e} {v}"),
    ),
    Term(
        "loyalty program",
        False,
        product(
            ("Sky", "Rail", "Stay", "Ocean", "Nomad"), (" Club", " Miles", " Circle"), (" Silver", " Gold", " Basic")
        ),
        ("{e} collects with {v}", "{e} is a member of {v}", "{e} has points at {v}"),
    ),
    Term(
        "diet",
        True,
        product(
            ("vegetarian meals", "vegan meals", "kosher meals", "halal meals", "gluten-free meals", "low-salt meals"),
            ("", " for now"),
        ),
        ("{e} needs {v}", "{e} eats {v}", "we order {v} for {e}"),
    ),
    Term(
        "passport expiry",
        True,
        product(DATES, " ", numbers(2027, 2036)),
        ("the passport of {e} ends on {v}", "{e} can travel until {v}", "{e} has to renew by {v}"),
    ),
    Term(
        "phobia",
        False,
        product(("heights", "small cabins", "night flights", "boats", "crowds", "cable cars"), ("", " for now")),
        ("{e} is afraid of {v}", "{e} avoids {v}", "plans for {e} leave out {v}"),
    ),
    Term(
        "payment card",
        True,
        product("card ending in ", numbers(1000, 9999)),
        ("{e} pays with {v}", "{e} uses {v}", "charges of {e} go to {v}"),
    ),
    Term("start date", True, DATES, ("{e} starts on {v}", "{e} begins on {v}", "{e} leaves on {v}")),
    Term(
        "budget",
        True,
        product(numbers(300, 9000, 100), (" euros", " euros a head", " euros without flights")),
        ("{e} may cost {v}", "{e} has a budget of {v}", "we have {v} for {e}"),
    ),
    Term("stop", False, choices(*CITIES), ("{e} passes through {v}", "{e} stops in {v}", "on {e} we sleep in {v}")),
    Term("coordinator", True, PEOPLE, ("{v} plans {e}", "{e} is organized by {v}", "{e} lies with {v}")),
    Term(
        "status",
        True,
        choices("planned", "booked", "paid in part", "paid", "postponed", "on hold", "confirmed", "over"),
        ("{e} is {v}", "{e} is now {v}", "the state of {e} is {v}"),
    ),
    Term(
        "open question",
        False,
        product(
            ("the rental car", "the insurance", "the last night", "the transfer", "the group size"), ("", " for now")
        ),
        ("{e} still leaves open {v}", "for {e} we have to settle {v}", "{e} is stuck on {v}"),
    ),
    Term(
        "length",
        True,
        product(numbers(2, 30), (" days", " nights", " days with travel")),
        ("{e} lasts {v}", "{e} takes {v}", "{e} is planned for {v}"),
    ),
    Term(
        "check-in time",
        True,
        TIMES,
        ("{e} opens rooms at {v}", "at {e} check-in is at {v}", "{e} takes guests from {v}"),
    ),
    Term(
        "room type",
        True,
        product(
            ("a double room", "a single room", "a suite", "a family room"),
            (" with a balcony", " to the yard", " with a kitchen", " under the roof"),
        ),
        ("{e} holds {v}", "{e} gave us {v}", "at {e} we have {v}"),
    ),
    Term(
        "price",
        True,
        product(numbers(45, 480, 5), (" euros a night", " euros with breakfast")),
        ("{e} costs {v}", "{e} asks for {v}", "{e} was booked at {v}"),
    ),
    Term(
        "complaint",
        False,
        product(
            ("noise", "a cold shower", "no towels", "a lost key", "slow service"),
            (" on arrival", " at night", " at breakfast", " twice"),
        ),
        ("{e} was blamed for {v}", "guests of {e} report {v}", "somebody had {v} at {e}"),
    ),
    Term(
        "breakfast",
        True,
        product(
            (
                "a buffet until ten",
                "breakfast from six",
                "a packed breakfast",
                "coffee only",
                "breakfast in the garden",
            ),
            ("", " for now"),
        ),
        ("{e} serves {v}", "{e} offers {v}", "at {e} there is {v}"),
    ),
    Term(
        "contact person", True, PEOPLE, ("{v} answers at {e}", "calls to {e} go to {v}", "{e} is reached through {v}")
    ),
    Term(
        "departure", True, product(WEEKDAYS, " at ", TIMES), ("{e} leaves {v}", "{e} departs {v}", "{e} takes off {v}")
    ),
    Term(
        "gate",
        True,
        product(("A", "B", "C", "D"), numbers(1, 60)),
        ("{e} boards at {v}", "{e} goes from {v}", "the gate of {e} is {v}"),
    ),
    Term(
        "baggage limit",
        True,
        product(numbers(8, 40), (" kilos", " kilos in two bags")),
        ("{e} allows {v}", "{e} takes {v}", "on {e} each may bring {v}"),
    ),
    Term(
        "delay reason",
        False,
        product(("fog", "a late crew", "de-icing", "a strike", "air traffic", "a missing part"), ("", " for now")),
        ("{e} was held up by {v}", "{e} waits because of {v}", "{e} is late for {v}"),
    ),
    Term(
        "aircraft",
        True,
        product("a ", ("Condor", "Heron", "Swift", "Albatross"), " ", numbers(100, 900, 50)),
        ("{e} is flown by {v}", "{e} uses {v}", "on {e} there is {v}"),
    ),
    Term(
        "meal",
        False,
        product(("a cold snack", "a warm meal", "nothing to eat", "a children's box", "fruit"), ("", " for now")),
        ("{e} serves {v}", "{e} comes with {v}", "on board of {e} there is {v}"),
    ),
    Term(
        "language",
        False,
        product(("English", "German", "French", "Spanish", "Portuguese", "Japanese", "Italian"), ("", " for now")),
        ("{e} guides in {v}", "{e} speaks {v}", "tours with {e} are in {v}"),
    ),
    Term("base", True, choices(*CITIES), ("{e} lives in {v}", "{e} works from {v}", "{e} starts in {v}")),
    Term(
        "fee",
        True,
        product(numbers(40, 400, 10), (" euros", " euros a day", " euros a person")),
        ("{e} costs {v}", "{e} takes {v}", "we pay {v} for {e}"),
    ),
    Term(
        "topic",
        False,
        product(
            ("architecture", "birds", "food markets", "street art", "the harbor", "the revolution"), ("", " for now")
        ),
        ("{e} knows {v}", "{e} tells about {v}", "{e} is the one for {v}"),
    ),
    Term(
        "day off",
        False,
        product(WEEKDAYS, ("", " for now")),
        ("{e} is free on {v}", "{e} does not guide on {v}", "bookings of {e} leave out {v}"),
    ),
    Term(
        "opening time",
        True,
        product(WORK_TIMES, " to ", ("16:00", "17:30", "18:00", "20:00")),
        ("{e} is open from {v}", "{e} can be seen from {v}", "visits to {e} are from {v}"),
    ),
    Term(
        "ticket price",
        True,
        product(numbers(2, 45), " euros"),
        ("{e} costs {v}", "a ticket for {e} is {v}", "{e} asks for {v}"),
    ),
    Term(
        "closing day",
        False,
        product(WEEKDAYS, ("", " for now")),
        ("{e} is closed on {v}", "{e} shuts on {v}", "plans with {e} leave out {v}"),
    ),
    Term(
        "highlight",
        False,
        product(("the roof", "the clock", "the east wing", "the cellar", "the old tree", "the view"), ("", " for now")),
        ("{e} is worth it for {v}", "visitors of {e} come for {v}", "people love {v} at {e}"),
    ),
    Term(
        "access",
        True,
        product(("by tram", "on foot", "by boat", "by bus", "by cable car", "by bicycle"), ("", " for now")),
        ("{e} is reached {v}", "we get to {e} {v}", "the way to {e} is {v}"),
    ),
    Term(
        "processing time",
        True,
        product(numbers(2, 60), (" days", " working days")),
        ("{e} takes {v}", "{e} is ready in {v}", "offices need {v} for {e}"),
    ),
    Term(
        "required proof",
        False,
        product(
            (
                "a return ticket",
                "a bank statement",
                "an invitation",
                "a vaccination card",
                "two photos",
                "a hotel booking",
            ),
            ("", " for now"),
        ),
        ("{e} asks for {v}", "{e} requires {v}", "{e} is granted with {v}"),
    ),
    Term(
        "office", True, choices(*CITIES), ("{e} is issued in {v}", "{e} is handled in {v}", "papers for {e} go to {v}")
    ),
    Term(
        "validity",
        True,
        product(numbers(15, 360, 15), " days"),
        ("{e} is good for {v}", "{e} holds for {v}", "{e} allows a stay of {v}"),
    ),
)
GOALS = (
    "plan the day around {t}",
    "book what is missing for {t}",
    "check the papers for {t}",
    "find a better price for {t}",
    "answer a question about {t}",
    "sort out the trouble with {t}",
    "write down the details of {t}",
    "bring the notes on {t} up to date",
    "prepare everything for {t}",
    "decide what to do about {t}",
    "make a list for {t}",
    "find out what changed with {t}",
)
DEPENDENCIES = (
    ("traveler", "booked", "trip"),
    ("trip", "stays_at", "hotel"),
    ("trip", "uses", "flight"),
    ("trip", "visits", "place"),
    ("guide", "leads", "trip"),
    ("traveler", "needs", "visa"),
    ("guide", "shows", "place"),
    ("trip", "needs", "visa"),
    ("traveler", "flies", "flight"),
    ("hotel", "near", "place"),
)
DOMAIN = compose("travel", NAMES, ASPECTS, TERMS, GOALS, DEPENDENCIES)
