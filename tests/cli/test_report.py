"""``memento report``: one page, and a gate whose exit code tells whether it held."""

from __future__ import annotations

from html.parser import HTMLParser

FEW = ("-n", 5)


class Tags(HTMLParser):
    """Which elements are opened and closed, and what would be loaded from elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.loads: list[str] = []

    def handle_starttag(self, tag, attrs):
        if tag not in ("meta", "br", "hr", "img", "link", "col"):
            self.open.append(tag)
        self.loads += [value for name, value in attrs if name in ("src", "href") and not value.startswith("#")]

    def handle_startendtag(self, tag, attrs):
        pass

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)


def test_the_page_tells_what_was_measured(trained):
    result = trained("report", "m.safetensors", "main", "-o", "report.html", *FEW)
    assert "NDCG@10" in result.out
    text = (trained.folder / "report.html").read_text()
    tags = Tags()
    tags.feed(text)
    assert (tags.open, tags.wrong, tags.loads) == ([], [], [])
    for words in (
        "How well it ranks, on main",
        "ceiling",
        "Canaries",
        "Contract tests",
        "Training",
        "selective copying",
        "sharp 0.98",
        "oracle",
    ):
        assert words in text, words
    assert "Gate" not in text
    assert trained.json("runs")["runs"]


def test_other_runs_on_the_commit_are_told_once_each(trained):
    trained("train", "main", "-m", "linear", "-e", 2, "-o", "other.safetensors")
    trained("evaluate", "other.safetensors", "main", "--no-canaries", "--seed", 3)
    trained("report", "m.safetensors", "main", "-o", "others.html", "--no-canaries", "--no-contracts")
    text = (trained.folder / "others.html").read_text()
    runs = [run for run in trained.json("runs")["runs"] if run["model"] == "linear"]
    assert len(runs) == 2
    assert all(text.count(run["id"]) == 1 for run in runs)


def test_a_threshold_that_falls_is_named_and_exits_1(trained):
    plain = ("report", "m.safetensors", "main", "-o", "gated.html", "-f", "--no-canaries", "--no-contracts")
    assert "threshold held" in trained(*plain, "--gate", "ndcg>=0").out
    result = trained(*plain, "--gate", "ndcg>=0", "--gate", "ndcg=1.5", "--gate", "share.low>1", code=1)
    assert "fell: ndcg on main is" in result.out
    assert "fell: share.low on main is" in result.out
    document = trained.json(*plain, "--gate", "ndcg=1.5", code=1)
    assert [each["metric"] for each in document["fallen"]] == ["ndcg"]
    assert "fail" in (trained.folder / "gated.html").read_text()


def test_fidelity_and_observed_worlds(trained):
    plain = ("report", "m.safetensors", "-o", "apart.html", "--no-canaries", "--no-contracts", "--no-record")
    trained("generate", "tiny", "--seed", 9, "--branch", "apart")
    trained(*plain, "apart", "main", "--fidelity", "apart")
    text = (trained.folder / "apart.html").read_text()
    assert "Fidelity to apart" in text
    assert text.index("on main") < text.index("Training")


def test_bad_input(trained):
    assert trained("report", "m.safetensors", "main", "-o", ".", code=2).hint
    assert trained("report", "m.safetensors", "nothing", "-o", "x.html", code=2).hint
    assert trained("report", "nothing.safetensors", "main", "-o", "x.html", code=2).hint
    assert trained("report", "m.safetensors", "main", "-o", "x.html", "--gate", "nonsense>=1", code=2).hint
    assert trained("report", "m.safetensors", "main", code=2).err
    assert "end it in .html" in trained("report", "m.safetensors", "main", "-o", "x.pdf", code=2).hint
    contrary = ("report", "m.safetensors", "main", "-o", "x.html", "--no-canaries", "--noise-curve")
    assert "leave out one of them" in trained(*contrary, code=2).hint
    assert not (trained.folder / "x.html").exists()


def test_what_fidelity_cannot_compare_is_refused_before_anything_is_asked(trained):
    plain = ("report", "m.safetensors", "main", "-o", "x.html")
    trained("generate", "tiny", "--set", "time.days=1", "--set", "sessions.per_day_mean=0", "--branch", "bare")
    before = len(trained.json("runs", "--all")["runs"])
    for revision, words in (("nothing", "no revision"), ("bare", "too few to compare")):
        result = trained(*plain, "--fidelity", revision, code=2)
        assert words in result.err
        assert result.hint
        assert "asking" not in result.err
    assert len(trained.json("runs", "--all")["runs"]) == before
    assert not (trained.folder / "x.html").exists()
