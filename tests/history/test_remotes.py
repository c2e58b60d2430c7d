from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from memento.errors import ConflictError, MementoError, NewerFormat, NotFound, PushRejected, RemoteError, UsageError
from memento.history import Repository
from memento.history.merges import Merges
from memento.history.remotes import Remotes
from memento.history.transfer import clone
from memento.world import tree

from .conftest import edited, importance, line
from .servers import bare, fake_ssh, git_daemon, http_backend
from .test_stock_git import populated

GIT = ["git", "-c", "user.name=A", "-c", "user.email=a@b"]


def run(*words: object, folder: Path) -> str:
    done = subprocess.run([*GIT, "-C", str(folder), *map(str, words)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"git {words}: {done.stdout}{done.stderr}"
    return done.stdout.strip()


def remotes_of(repository: Repository) -> Remotes:
    return Remotes(repository, Merges(repository))


def state(repository: Repository) -> dict[str, str]:
    return repository.refs.values("refs/")


@pytest.fixture
def remotes(repository: Repository) -> Remotes:
    return remotes_of(repository)


@pytest.fixture(params=["git", "http", "ssh", "file", "memento"])
def server(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of an empty repository, over each way to reach one."""
    base = tmp_path / "served"
    base.mkdir()
    if request.param == "memento":
        Repository.init(base / "worlds").close()
        yield str(base / "worlds")
        return
    bare(base / "worlds")
    if request.param == "git":
        with git_daemon(base) as url:
            yield f"{url}/worlds"
    elif request.param == "http":
        with http_backend(base) as url:
            yield f"{url}/worlds"
    elif request.param == "ssh":
        monkeypatch.setenv("GIT_SSH_COMMAND", fake_ssh(tmp_path))
        yield f"ssh://someone@example.org{base}/worlds"
    else:
        yield f"file://{base}/worlds"


def test_there_and_back_again(repository: Repository, remotes: Remotes, server: str, tmp_path: Path) -> None:
    merged = populated(repository)
    repository.notes().write(merged, "looked at", "note")
    remotes.add("origin", server)
    sent = remotes.push(names=["main", "exp-1"], tags=True)
    assert {u.ref for u in sent.updates} == {
        "refs/heads/main", "refs/heads/exp-1", "refs/tags/light", "refs/tags/v1", "refs/notes/commits"
    }  # fmt: skip
    assert repository.refs.read("refs/remotes/origin/main") == merged
    upstream = remotes.upstream("main")
    assert upstream is not None
    assert (upstream.name, upstream.ahead, upstream.behind) == ("origin/main", 0, 0)
    assert remotes.push(names=["main"]).updates == ()

    folder, came = clone(server, tmp_path / "copy")
    assert folder == tmp_path / "copy" / ".memento"
    assert came.objects > 10
    with Repository.open(tmp_path / "copy") as copy:
        assert copy.head == "main"
        assert copy.resolve("main") == merged
        assert [tag.name for tag in copy.tags()] == ["light", "v1"]
        assert copy.notes().read(merged) == "looked at"
        assert tree.read(copy.objects, copy.tree_of("main")) == tree.read(
            repository.objects, repository.tree_of("main")
        )
        assert copy.refs.values("refs/memento/") != repository.refs.values("refs/memento/")
        theirs = remotes_of(copy)
        tip = line(copy, 2)[-1]
        assert theirs.upstream("main").ahead == 2  # type: ignore[union-attr]
        theirs.push()
        run("fsck", "--full", "--strict", folder=copy.path)

    done, merge = remotes.pull()
    assert [u.kind for u in done.updates] == ["forward"]
    assert merge is not None
    assert merge.kind == "fast-forward"
    assert repository.resolve("main") == tip
    assert remotes.fetch().updates == ()
    run("fsck", "--full", "--strict", folder=repository.path)
    remotes.push(names=["exp-1"], delete=True)
    assert remotes.show("origin")[1].refs.keys() == {
        "refs/heads/main", "refs/tags/light", "refs/tags/v1", "refs/notes/commits"
    }  # fmt: skip


def test_each_fetch_and_clone_is_one_operation(repository: Repository, remotes: Remotes, tmp_path: Path) -> None:
    populated(repository)
    clone(str(repository.root), tmp_path / "c")
    with Repository.open(tmp_path / "c") as copy:
        assert [operation.description for operation in copy.operations()] == [f"clone {repository.root}"]
        line(repository, 1)
        repository.fork("main", "new")
        remotes_of(copy).fetch()
        assert [operation.description for operation in copy.operations(1)] == ["fetch origin"]
        before = state(copy)
        copy.undo()
        assert "refs/remotes/origin/new" not in state(copy)
        copy.redo()
        assert {k: v for k, v in state(copy).items() if "memento" not in k} == {
            k: v for k, v in before.items() if "memento" not in k
        }


def test_a_push_to_a_folder_is_undone_there(repository: Repository, first: str, tmp_path: Path) -> None:
    clone(str(repository.root), tmp_path / "c")
    with Repository.open(tmp_path / "c") as copy:
        tip = line(copy, 1)[0]
        remotes_of(copy).push()
        assert repository.resolve("main") == tip
        assert repository.undo()[0].description == f"push of main from {tmp_path / 'c'}"
        assert repository.resolve("main") == first


def test_a_protected_branch_of_a_folder_is_not_pushed_to(repository: Repository, first: str, tmp_path: Path) -> None:
    clone(str(repository.root), tmp_path / "c")
    repository.config.change({"protected.main.enabled": "true"})
    with Repository.open(tmp_path / "c") as copy:
        line(copy, 1)
        with pytest.raises(MementoError, match="main"):
            remotes_of(copy).push()
        assert remotes_of(copy).upstream("main").ahead == 1  # type: ignore[union-attr]
        remotes_of(copy).push(names=["main:proposed"])
    assert repository.resolve("main") == first
    assert repository.has_branch("proposed")


def test_a_branch_there_only_moves_forward(repository: Repository, first: str, tmp_path: Path, server: str) -> None:
    remotes = remotes_of(repository)
    remotes.add("origin", server)
    remotes.push()
    clone(server, tmp_path / "c")
    with Repository.open(tmp_path / "c") as copy:
        theirs = line(copy, 1, "main")[0]
        remotes_of(copy).push()
    ours = repository.commit("main", edited(repository, repository.tree_of(first), "m1-1"), "ours")
    with pytest.raises(PushRejected, match="has commits that yours has not") as caught:
        remotes.push()
    assert "memento pull origin main" in caught.value.hint
    assert caught.value.exit_code == 1
    with pytest.raises(PushRejected, match="not where it was last seen"):
        remotes.push(lease=True)
    assert remotes.show("origin")[1].refs["refs/heads/main"] == theirs
    _, merge = remotes.pull()
    assert merge is not None
    assert merge.kind == "merged"
    assert repository.commit_of("main").parents == (ours, theirs)
    remotes.push()
    assert remotes.show("origin")[1].refs["refs/heads/main"] == repository.resolve("main")
    repository.move_branch("main", ours)
    with pytest.raises(PushRejected, match="would lose commits"):
        remotes.push()
    assert [u.kind for u in remotes.push(lease=True, dry_run=True).updates] == ["forced"]
    assert remotes.show("origin")[1].refs["refs/heads/main"] != ours
    assert [u.kind for u in remotes.push(lease=True).updates] == ["forced"]
    assert remotes.show("origin")[1].refs["refs/heads/main"] == ours


@pytest.mark.parametrize("where", ["stage", "announce"])
def test_killed_between_pack_and_references(
    repository: Repository, first: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    """The process dies once the pack is in the store: the next one finds the old state, or the new one."""
    clone(str(repository.root), tmp_path / "c")
    tip = line(repository, 1)[0]
    script = f"""
import os
from memento.history import Repository
from memento.history.oplog import OperationLog
from memento.history.remotes import Remotes
real = OperationLog.{where}
def dying(self, *words, **more):
    if {where!r} == "announce":
        real(self, *words, **more)
    os._exit(9)
OperationLog.{where} = dying
Remotes(Repository.open({str(tmp_path / "c")!r})).fetch()
"""
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 9
    with Repository.open(tmp_path / "c") as copy:
        assert copy.refs.read("refs/remotes/origin/main") == {"stage": first, "announce": tip}[where]
        remotes_of(copy).fetch()
        assert copy.resolve("origin/main") == tip
        assert list((copy.path / "objects" / "pack").glob("*.keep")) == []
        run("fsck", "--full", "--strict", folder=copy.path)


def test_what_stock_git_adds_comes_back(repository: Repository, first: str, tmp_path: Path, server: str) -> None:
    remotes = remotes_of(repository)
    remotes.add("origin", server)
    remotes.push()
    work = tmp_path / "work"
    source = f"{server}/.memento" if server.startswith("/") else server
    subprocess.run([*GIT, "clone", "--quiet", source, work], check=True)
    run("commit", "--quiet", "--allow-empty", "-m", "by stock git", folder=work)
    run("push", "--quiet", "origin", "HEAD:main", folder=work)
    _, merge = remotes.pull()
    assert merge is not None
    assert merge.kind == "fast-forward"
    assert repository.commit_of("main").message == "by stock git"
    assert repository.tree_of("main") == repository.tree_of(first)


def test_a_commit_without_a_world_is_fetched_and_not_merged(repository: Repository, first: str, tmp_path: Path) -> None:
    work = tmp_path / "work"
    subprocess.run([*GIT, "clone", "--quiet", repository.path, work], check=True)
    run("checkout", "--quiet", "--orphan", "readme", folder=work)
    run("rm", "-rfq", ".", folder=work)
    (work / "README").write_text("no world\n")
    run("add", "README", folder=work)
    run("commit", "--quiet", "-m", "no world", folder=work)
    remotes = remotes_of(repository)
    remotes.add("stock", str(work))
    before = state(repository)
    with pytest.raises(RemoteError, match="stock/readme cannot be taken over") as caught:
        remotes.pull("stock", "readme", into="main")
    assert "no branch of yours has moved" in caught.value.hint
    assert repository.resolve("stock/readme")
    assert repository.resolve("main") == before["refs/heads/main"]
    with pytest.raises(RemoteError, match="holds no worlds"):
        clone(str(work), tmp_path / "none", branch="readme")
    assert not (tmp_path / "none").exists()


def test_a_world_in_another_form_is_not_merged(repository: Repository, first: str, tmp_path: Path) -> None:
    clone(str(repository.root), tmp_path / "c")
    with Repository.open(tmp_path / "c") as copy:
        entries = list(copy.objects.tree(copy.tree_of("main")))
        memories = next(e for e in entries if e.name == "memories")
        kept = copy.objects.tree(memories.id)[1:]
        entries[entries.index(memories)] = memories._replace(id=copy.objects.add_tree(kept))
        copy.commit("main", copy.objects.add_tree(entries), "half of it is gone")
        with pytest.raises(RemoteError, match="holds no world as memento keeps it"):
            remotes_of(repository).pull(str(tmp_path / "c"), "main")
    assert repository.resolve("main") == first


def test_notes_of_both_sides_are_kept(repository: Repository, first: str, tmp_path: Path, server: str) -> None:
    remotes = remotes_of(repository)
    remotes.add("origin", server)
    repository.notes("runs").write(first, "a", "note")
    remotes.push()
    clone(server, tmp_path / "c")
    with Repository.open(tmp_path / "c") as copy:
        copy.notes("runs").write(first, "a\nb", "note")
        remotes_of(copy).push()
        repository.notes("runs").write(first, "a\nc", "note")
        assert [u.kind for u in remotes.push().updates] == ["forward"]
        assert repository.notes("runs").read(first).split() == ["a", "b", "c"]
        remotes_of(copy).fetch()
        assert copy.notes("runs").read(first).split() == ["a", "b", "c"]


def test_merging_conflicts_waits(repository: Repository, first: str, tmp_path: Path) -> None:
    clone(str(repository.root), tmp_path / "c")
    line(repository, 1)
    with Repository.open(tmp_path / "c") as copy:
        tip = copy.commit("main", edited(copy, copy.tree_of("main"), importance=0.77), "theirs")
        with pytest.raises(ConflictError, match="both moved"):
            remotes_of(copy).pull(ff_only=True)
        _, merge = remotes_of(copy).pull()
        assert merge is not None
        assert merge.kind == "open"
        assert merge.result is not None
        assert [c.place for c in merge.result.conflicts] == ["memory:m0-0.importance"]
        assert copy.resolve("main") == tip
        copy.clear_merge()
        _, merge = remotes_of(copy).pull(policy="theirs")
        assert merge is not None
        assert merge.kind == "merged"
        assert importance(copy, "main") == 0.0


def test_names_that_cannot_be_ours_are_left_out(repository: Repository, first: str, tmp_path: Path) -> None:
    stock = bare(tmp_path / "stock")
    run("push", "--quiet", stock, "main:refs/heads/good", "main:refs/heads/_odd", "main:refs/heads/Case",
        "main:refs/heads/case", "main:refs/tags/_odd", folder=repository.path)  # fmt: skip
    done = remotes_of(repository).fetch(str(stock))
    assert [u.ref for u in done.moved] == ["refs/remotes/stock/Case", "refs/remotes/stock/good"]
    assert {u.ref: u.why for u in done.refused} == {
        "refs/remotes/stock/_odd": "it begins with '_'",
        "refs/remotes/stock/case": "it differs from 'Case' in upper and lower case alone",
        "refs/tags/_odd": "it begins with '_'",
    }


def test_a_tag_of_ours_stays(repository: Repository, first: str, tmp_path: Path) -> None:
    clone(str(repository.root), tmp_path / "c")
    repository.tag("v1", first)
    with Repository.open(tmp_path / "c") as copy:
        tip = line(copy, 1)[0]
        copy.tag("v1", tip)
        assert [u.why for u in remotes_of(copy).fetch().refused] == [
            f"there is another tag of that name here, at {tip[:10]}"
        ]
        with pytest.raises(PushRejected, match="tags do not move"):
            remotes_of(copy).push(names=["v1"])


def test_pruning(repository: Repository, first: str, tmp_path: Path) -> None:
    repository.fork("main", "gone")
    clone(str(repository.root), tmp_path / "c")
    repository.delete_branch("gone")
    repository.fork("main", "gone/deeper")
    with Repository.open(tmp_path / "c") as copy:
        assert [u.kind for u in remotes_of(copy).fetch().updates] == ["refused"]
        assert [(u.name, u.kind) for u in remotes_of(copy).fetch(prune=True).moved] == [("origin/gone", "gone")]
        assert [(u.name, u.kind) for u in remotes_of(copy).fetch().updates] == [("origin/gone/deeper", "new")]


def test_settings(repository: Repository, first: str, remotes: Remotes, tmp_path: Path) -> None:
    clone(str(repository.root), tmp_path / "c")
    with Repository.open(tmp_path / "c") as copy:
        theirs = remotes_of(copy)
        theirs.add("two", "https://example.org/worlds.git")
        assert [(r.name, r.url) for r in theirs.all()] == [
            ("origin", str(repository.root)), ("two", "https://example.org/worlds.git")
        ]  # fmt: skip
        with pytest.raises(UsageError, match="there is a remote"):
            theirs.add("Two", "https://example.org/other.git")
        theirs.rename("origin", "first")
        assert copy.refs.names("refs/remotes/") == ["refs/remotes/first/main"]
        assert theirs.upstream("main").name == "first/main"  # type: ignore[union-attr]
        theirs.set_url("two", "ssh://me@example.org/w")
        theirs.remove("first")
        assert copy.refs.names("refs/remotes/") == []
        assert theirs.upstream("main") is None
        assert [(r.name, r.url) for r in theirs.all()] == [("two", "ssh://me@example.org/w")]
        with pytest.raises(NotFound, match="no remote named"):
            theirs.get("first")
    with Repository.open(tmp_path / "c") as again:
        assert [r.name for r in remotes_of(again).all()] == ["two"]
        assert "first" not in (again.path / "config").read_text()
        assert run("config", "remote.two.fetch", folder=again.path) == "+refs/heads/*:refs/remotes/two/*"


def test_an_empty_repository(repository: Repository, tmp_path: Path, server: str) -> None:
    folder, done = clone(server, tmp_path / "c")
    assert done.offered == 0
    with Repository(folder) as copy:
        with pytest.raises(RemoteError, match=r"it is empty|is empty: it has no branches"):
            remotes_of(copy).pull()
        copy.commit("main", tree.write(copy.objects, small()), "first")
        remotes_of(copy).push()
    assert clone(server, tmp_path / "d")[1].offered == 1


def small() -> tree.World:
    from .conftest import small_world

    return small_world()


def test_a_newer_format_is_not_read(repository: Repository, first: str, tmp_path: Path) -> None:
    config = repository.path / "config"
    config.write_text(config.read_text().replace("format = 1", "format = 2"))
    with pytest.raises(NewerFormat, match=r"upgrade memento|format 2"):
        clone(str(repository.root), tmp_path / "c")
    assert not (tmp_path / "c").exists()


def test_no_access(tmp_path: Path, repository: Repository, first: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    bare(tmp_path / "served" / "worlds")
    with http_backend(tmp_path / "served", login="me:secret") as url:
        remotes = remotes_of(repository)
        remotes.add("origin", f"{url}/worlds")
        with pytest.raises(RemoteError, match=r"no access to .*: it asks for a name") as caught:
            remotes.push()
        assert "netrc" in caught.value.hint
        monkeypatch.setenv("MEMENTO_USERNAME", "me")
        monkeypatch.setenv("MEMENTO_PASSWORD", "secret")
        remotes.push()
        monkeypatch.setenv("MEMENTO_PASSWORD", "wrong")
        with pytest.raises(RemoteError, match="no access"):
            remotes.fetch()
        monkeypatch.delenv("MEMENTO_USERNAME")
        (tmp_path / ".netrc").write_text("machine 127.0.0.1 login me password secret\n")
        (tmp_path / ".netrc").chmod(0o600)
        assert remotes.fetch().offered == 1
    monkeypatch.setenv("GIT_SSH_COMMAND", fake_ssh(tmp_path, refuse=True))
    with pytest.raises(RemoteError, match=r"no access to ssh://.*Permission denied"):
        clone("ssh://someone@example.org/worlds", tmp_path / "c")


def test_nobody_there(tmp_path: Path, repository: Repository) -> None:
    remotes = remotes_of(repository)
    for url, words in {
        "http://127.0.0.1:9/worlds": "cannot reach 127.0.0.1",
        "git://127.0.0.1:9/worlds": "cannot reach 127.0.0.1: Connection refused",
        str(tmp_path / "nothing"): "does not exist",
        str(tmp_path): "there is no repository in",
    }.items():
        with pytest.raises(RemoteError, match=words):
            remotes.fetch(url)
    (tmp_path / "served").mkdir()
    with git_daemon(tmp_path / "served") as url, pytest.raises(RemoteError, match="there is no git repository"):
        remotes.fetch(f"{url}/nothing")
    with http_backend(tmp_path / "served") as url, pytest.raises(RemoteError, match="there is no git repository"):
        remotes.fetch(f"{url}/nothing")


def test_a_connection_that_is_cut(tmp_path: Path, repository: Repository, first: str) -> None:
    stock = bare(tmp_path / "served" / "worlds")
    run("push", "--quiet", stock, "main", folder=repository.path)
    whole = 0
    for cut in (40, 60, 500, 3000):
        with http_backend(tmp_path / "served", cut=cut) as url:
            with pytest.raises(RemoteError, match=r"Nothing was written|cannot reach"):
                clone(f"{url}/worlds", tmp_path / "c")
            whole += (tmp_path / "c").exists()
    assert whole == 0


def test_two_push_at_once(tmp_path: Path, repository: Repository, first: str, server: str) -> None:
    """The other push lands between our look at the references and our own."""
    remotes = remotes_of(repository)
    remotes.add("origin", server)
    remotes.push()
    clone(server, tmp_path / "c")
    with Repository.open(tmp_path / "c") as copy:
        theirs = line(copy, 1)[0]
        line(repository, 2)
        done: list[str] = []

        def meanwhile(count: int, total: int, note: str) -> None:
            if not done:
                done.append(note)
                remotes_of(copy).push()

        with pytest.raises(PushRejected) as caught:
            remotes.push(progress=meanwhile)
        assert "memento pull" in caught.value.hint
    assert remotes.show("origin")[1].refs["refs/heads/main"] == theirs


@pytest.mark.parametrize(
    "url",
    ["ext::sh -c id", "-oProxyCommand=id", "ssh://-oProxyCommand=id/x", "me@-oProxyCommand=id:x", "me@example.org:-x", "ftp://example.org/x",
     "http://example.org/x", "git://example.org/x", "https://me:secret@example.org/x", "https://example.org/",
     "https://exa mple.org/x", "https://example.org/x\n", "fd::3", "ssh://me@example.org:port/x"],
)  # fmt: skip
def test_addresses_that_are_refused(repository: Repository, url: str) -> None:
    before = (repository.path / "config").read_text()
    with pytest.raises(UsageError):
        remotes_of(repository).add("origin", url)
    assert (repository.path / "config").read_text() == before


def test_ssh_command_of_a_repository_is_not_run(repository: Repository, tmp_path: Path) -> None:
    with pytest.raises(Exception, match="runs programs"):
        repository.config.change({"core.sshcommand": "touch /tmp/evil"})


def test_json_of_an_update_is_plain(repository: Repository, first: str, tmp_path: Path) -> None:
    from memento.cli.sharing import transfer_map

    done = clone(str(repository.root), tmp_path / "c")[1]
    content = json.loads(json.dumps(transfer_map(done)))
    assert content["updates"][0]["kind"] == "new"
    assert content["objects"] > 0
