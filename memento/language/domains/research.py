"""The domain of a research group: people, projects, datasets, models, papers, experiments and venues."""

from __future__ import annotations

from memento.language.choices import choices, numbers, product
from memento.language.domains.people import DATES, PEOPLE, WEEKDAYS, WEEKLY, WORK_TIMES
from memento.language.lexicon import Term, compose

TOPICS = (
    "machine learning",
    "natural language processing",
    "computer vision",
    "speech recognition",
    "robotics",
    "reinforcement learning",
    "information retrieval",
    "graph learning",
    "causal inference",
    "time series",
)
PROJECTS = product(
    "the ",
    TOPICS,
    (" project", " workshop", " grant", " course"),
    (
        "",
        " with Lyon",
        " with Kyoto",
        " phase two",
        " with Oslo",
        " with Turin",
        " for schools",
        " for hospitals",
        " for archives",
    ),
)
DATASETS = product(
    ("Open", "Wild", "Clean", "Multi", "Micro", "Deep"),
    (
        "Speech",
        "Scenes",
        "Dialog",
        "Charts",
        "Maps",
        "Notes",
        "Faces",
        "Graphs",
        "Songs",
        "Birds",
        "Roads",
        "Books",
        "Tables",
    ),
    ("", "-2", "-small", "-clean", "-extended"),
)
MODELS = product(
    ("Hawk", "Otter", "Lynx", "Raven", "Wren", "Fox", "Heron", "Ibex", "Jay", "Kite", "Mole", "Newt", "Owl"),
    ("Net", "Former", "Mixer", "Scan"),
    ("", "-base", "-large", "-tiny", "-v2"),
)
PAPERS = product(
    "the paper on ",
    (
        "sparse",
        "robust",
        "private",
        "federated",
        "multilingual",
        "efficient",
        "continual",
        "compact",
        "noisy",
        "interactive",
        "curious",
        "frugal",
        "visual",
        "hidden",
        "lifelong",
        "honest",
        "early",
        "weak",
        "active",
        "stable",
    ),
    " ",
    TOPICS,
)
EXPERIMENTS = product("experiment ", ("A", "B", "C", "D", "E"), numbers(10, 1200))
VENUES = product(
    "the ",
    ("spring", "summer", "autumn", "winter", "annual", "regional"),
    (" conference", " workshop", " school", " seminar"),
    (" on ",),
    TOPICS,
)
NAMES = {
    "researcher": PEOPLE,
    "project": PROJECTS,
    "dataset": DATASETS,
    "model": MODELS,
    "paper": PAPERS,
    "experiment": EXPERIMENTS,
    "venue": VENUES,
}
ASPECTS = {
    "researcher": ("supervisor", "desk", "expertise", "teaching day", "grant", "reading"),
    "project": ("lead", "funding", "milestone", "partner", "end date", "open question"),
    "dataset": ("license", "size", "known problem", "curator", "split", "storage place"),
    "model": ("parameter count", "learning rate", "failure", "checkpoint", "baseline", "author"),
    "paper": ("status", "deadline", "reviewer remark", "first author", "page limit", "missing figure"),
    "experiment": ("seed", "hypothesis", "result", "machine", "next step"),
    "venue": ("deadline", "location", "acceptance rate", "chair", "session"),
}
TERMS = (
    Term("supervisor", True, PEOPLE, ("{e} reports to {v}", "{v} supervises {e}", "{e} writes the thesis with {v}")),
    Term("desk", True, product("desk ", numbers(1, 80)), ("{e} sits at {v}", "{e} has {v}", "{e} moved to {v}")),
    Term(
        "expertise",
        False,
        choices(
            "optimization",
            "annotation",
            "statistics",
            "compilers",
            "linguistics",
            "vision",
            "interviews",
            "visualization",
        ),
        ("{e} knows {v}", "{e} is the one for {v}", "{e} works on {v}"),
    ),
    Term("teaching day", False, WEEKLY, ("{e} teaches {v}", "{e} has a class {v}", "{e} is away {v}")),
    Term(
        "grant",
        True,
        product(
            ("the Aurora", "the Horizon", "the Young", "the Nordic"),
            (" grant", " fellowship", " award"),
            ("", " until summer", " in part"),
        ),
        ("{e} is paid by {v}", "{e} holds {v}", "{e} lives on {v}"),
    ),
    Term(
        "reading",
        False,
        product(
            "the paper on ",
            ("scaling", "calibration", "pruning", "alignment", "memory", "bias"),
            ("", " again", " for the seminar"),
        ),
        ("{e} is reading {v}", "{e} recommends {v}", "{e} presents {v}"),
    ),
    Term("lead", True, PEOPLE, ("{v} leads {e}", "{e} is run by {v}", "{e} is in the hands of {v}")),
    Term(
        "funding",
        True,
        product(numbers(20, 900, 10), " thousand euros", ("", " in two years", " without travel")),
        ("{e} has {v}", "{e} was given {v}", "{e} runs on {v}"),
    ),
    Term(
        "milestone",
        False,
        product(("a survey", "a demo", "a user study", "a release", "a report"), " by ", DATES),
        ("{e} owes {v}", "{e} promised {v}", "the next move in {e} is {v}"),
    ),
    Term(
        "partner",
        False,
        product(
            ("the Institute", "the College", "the Lab", "the Center"),
            " of ",
            ("Lyon", "Kyoto", "Oslo", "Porto", "Delft", "Turin"),
        ),
        ("{e} works with {v}", "{v} takes part in {e}", "{e} shares data with {v}"),
    ),
    Term("end date", True, DATES, ("{e} ends on {v}", "{e} runs until {v}", "money for {e} stops on {v}")),
    Term(
        "open question",
        False,
        product(("the baseline", "the ethics vote", "the metric", "the data split", "the title"), ("", " for now")),
        ("{e} still leaves open {v}", "for {e} we have to settle {v}", "{e} is stuck on {v}"),
    ),
    Term(
        "license",
        True,
        product(
            ("MIT", "Apache 2.0", "CC BY 4.0", "CC BY-NC 4.0", "research use only", "public domain"), ("", " for now")
        ),
        ("{e} is under {v}", "{e} is licensed as {v}", "the license of {e} is {v}"),
    ),
    Term(
        "size",
        True,
        product(numbers(1, 990), (" thousand rows", " gigabytes", " hours")),
        ("{e} holds {v}", "{e} has {v}", "{e} comes to {v}"),
    ),
    Term(
        "known problem",
        False,
        product(
            ("label noise", "duplicates", "leakage", "missing speakers", "skew"),
            (" in the test part", " in the first shard", " for rare classes", " since the last cleaning"),
        ),
        ("{e} suffers from {v}", "{e} shows {v}", "{e} was reported for {v}"),
    ),
    Term("curator", True, PEOPLE, ("{v} keeps {e}", "{e} is curated by {v}", "{v} knows about {e}")),
    Term(
        "split",
        True,
        product(numbers(60, 90, 5), " percent for training", ("", " by speaker", " by time", " by author")),
        ("{e} is split with {v}", "{e} uses {v}", "we take {v} of {e}"),
    ),
    Term(
        "storage place",
        True,
        product(("bucket ", "disk ", "volume "), numbers(1, 60)),
        ("{e} is on {v}", "{e} is stored on {v}", "{e} lies on {v}"),
    ),
    Term(
        "parameter count",
        True,
        product(numbers(1, 900), (" million parameters", " thousand parameters")),
        ("{e} has {v}", "{e} counts {v}", "{e} comes with {v}"),
    ),
    Term(
        "learning rate",
        True,
        product(("1e-", "2e-", "3e-", "5e-"), numbers(2, 6)),
        ("{e} trains at {v}", "{e} uses {v}", "the rate of {e} is {v}"),
    ),
    Term(
        "failure",
        False,
        product(
            ("divergence", "forgetting", "a crash", "a plateau"),
            (" after a day", " at long inputs", " on two machines", " with half precision"),
        ),
        ("{e} ended in {v}", "{e} shows {v}", "{e} suffers from {v}"),
    ),
    Term(
        "checkpoint",
        True,
        product("step ", numbers(1000, 99000, 1000)),
        ("{e} is kept at {v}", "we use {e} at {v}", "the best of {e} is {v}"),
    ),
    Term(
        "baseline",
        False,
        product(
            ("a linear model", "nearest neighbors", "a bag of words", "last year's winner", "a random guess"),
            ("", " for now"),
        ),
        ("{e} is compared with {v}", "{e} has to beat {v}", "beside {e} we report {v}"),
    ),
    Term("author", True, PEOPLE, ("{v} built {e}", "{e} is by {v}", "{e} was written by {v}")),
    Term(
        "status",
        True,
        product(
            ("in draft", "submitted", "under review", "accepted", "rejected once", "camera ready", "on hold"),
            ("", " for now"),
        ),
        ("{e} is {v}", "{e} is now {v}", "the state of {e} is {v}"),
    ),
    Term(
        "deadline",
        True,
        product(DATES, " at ", WORK_TIMES),
        ("{e} is due on {v}", "{e} closes on {v}", "the deadline of {e} is {v}"),
    ),
    Term(
        "reviewer remark",
        False,
        product(
            (
                "a missing ablation",
                "unclear notation",
                "a weak baseline",
                "too few seeds",
                "an odd title",
                "no error bars",
            ),
            ("", " for now"),
        ),
        ("reviewers of {e} noted {v}", "{e} was blamed for {v}", "{e} has to answer {v}"),
    ),
    Term("first author", True, PEOPLE, ("{v} writes {e}", "{e} is led by {v}", "{v} is first on {e}")),
    Term(
        "page limit",
        True,
        product(numbers(4, 14), (" pages", " pages with references")),
        ("{e} may have {v}", "{e} is cut to {v}", "there is room for {v} in {e}"),
    ),
    Term(
        "missing figure",
        False,
        product(("the loss curve", "the confusion matrix", "the map", "the teaser", "the timeline"), ("", " for now")),
        ("{e} lacks {v}", "{e} still needs {v}", "for {e} somebody must draw {v}"),
    ),
    Term(
        "seed",
        True,
        choices(*numbers(0, 999)),
        ("{e} ran with seed {v}", "{e} was drawn from seed {v}", "the seed of {e} is {v}"),
    ),
    Term(
        "hypothesis",
        False,
        product(
            ("more data helps", "order matters", "noise hurts", "depth is enough", "memory pays", "labels are wrong"),
            ("", " for now"),
        ),
        ("{e} tests that {v}", "{e} should show that {v}", "behind {e} is the idea that {v}"),
    ),
    Term(
        "result",
        True,
        product("a score of ", numbers(40, 99), (" percent", " points")),
        ("{e} gave {v}", "{e} reached {v}", "out of {e} came {v}"),
    ),
    Term(
        "machine",
        True,
        product("node ", numbers(1, 60)),
        ("{e} runs on {v}", "{e} was started on {v}", "{e} waits for {v}"),
    ),
    Term(
        "next step",
        False,
        product(("a rerun", "a plot", "an ablation", "a call"), " on ", WEEKDAYS),
        ("the plan for {e} is {v}", "{e} waits for {v}", "for {e} we planned {v}"),
    ),
    Term(
        "location",
        True,
        product(("Lisbon", "Kyoto", "Vancouver", "Vienna", "Cape Town", "Santiago", "Tallinn"), ("", " for now")),
        ("{e} takes place in {v}", "{e} is held in {v}", "for {e} we fly to {v}"),
    ),
    Term(
        "acceptance rate",
        True,
        product(numbers(10, 60), " percent"),
        ("{e} takes {v}", "{e} accepted {v}", "the rate of {e} is {v}"),
    ),
    Term("chair", True, PEOPLE, ("{v} chairs {e}", "{e} is chaired by {v}", "mails about {e} go to {v}")),
    Term(
        "session",
        False,
        product(("a poster", "a talk", "a panel", "a tutorial"), " on ", WEEKDAYS),
        ("{e} gave us {v}", "at {e} we have {v}", "{e} lists {v}"),
    ),
)
GOALS = (
    "write a paragraph on {t}",
    "plan the next run of {t}",
    "check the numbers of {t}",
    "prepare the talk about {t}",
    "answer the reviewers about {t}",
    "sum up {t} for the group",
    "find the weak spot in {t}",
    "decide what to do next about {t}",
    "bring the notes on {t} up to date",
    "find out what changed with {t}",
    "draw a figure about {t}",
    "make a reading list on {t}",
)
DEPENDENCIES = (
    ("researcher", "works_on", "project"),
    ("project", "uses", "dataset"),
    ("model", "trained_on", "dataset"),
    ("paper", "reports", "experiment"),
    ("experiment", "runs", "model"),
    ("researcher", "writes", "paper"),
    ("paper", "submitted_to", "venue"),
    ("project", "builds", "model"),
    ("researcher", "runs", "experiment"),
    ("model", "compared_with", "model"),
)
DOMAIN = compose("research", NAMES, ASPECTS, TERMS, GOALS, DEPENDENCIES)
