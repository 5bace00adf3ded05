"""Commits of a real repository become pairs of their subject and what they changed, as it is today."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from trainer.repositories import Repository
from vizsla_trainer.data import git
from vizsla_trainer.data.commits import is_test
from vizsla_trainer.data.files import list_files
from vizsla_trainer.data.history import commits
from vizsla_trainer.data.mining import Mined, mine
from vizsla_trainer.data.subjects import query_of_subject
from vizsla_trainer.recipe import MineRecipe
from vizsla_trainer.records import positive_text

COMMITS_ONLY = MineRecipe(sources=("commit",))


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = Repository(tmp_path / "repository")
    made.write("shop.py", "def total(items):\n    return sum(items)\n\n\ndef tax(price):\n    return price * 0.2\n")
    made.commit("Initial commit")
    return made


def mined(repository: Repository) -> Mined:
    return mine([repository.folder], COMMITS_ONLY)


def found(repository: Repository) -> list[tuple[str, str, str]]:
    result = mined(repository)
    codes = {code.id: code for code in result.codes}
    return [(pair.query, codes[pair.code].path, codes[pair.code].qualified_name) for pair in result.pairs]


def test_a_commit_is_a_query_for_the_function_that_it_changed(repository: Repository) -> None:
    repository.write(
        "shop.py", "def total(items):\n    return sum(items)\n\n\ndef tax(price):\n    return price * 0.25\n"
    )
    time = repository.commit("fix(shop): raise the tax to a quarter (#12)")
    result = mined(repository)
    [pair] = result.pairs
    [code] = [code for code in result.codes if code.id == pair.code]
    assert (pair.query, pair.source, pair.time, code.name) == ("raise the tax to a quarter", "commit", time, "tax")
    assert "0.25" in positive_text(pair, code)


def test_the_function_is_given_as_it_is_now(repository: Repository) -> None:
    repository.write("shop.py", "def total(items):\n    return sum(items) + 1\n")
    repository.commit("Count one more than there is")
    repository.write("shop.py", "def total(items):\n    # now\n    return sum(items) + 1\n")
    repository.commit("chore: nothing of note")
    result = mined(repository)
    assert [pair.query for pair in result.pairs] == ["Count one more than there is"]
    assert "# now" in next(code.text for code in result.codes if code.id == result.pairs[0].code)


def test_a_file_is_followed_through_its_renames(repository: Repository) -> None:
    repository.write(
        "shop.py", "def total(items):\n    return sum(items) + 1\n\n\ndef tax(price):\n    return price * 0.2\n"
    )
    repository.commit("Count one more than there is")
    repository.git("mv", "shop.py", "store.py")
    repository.commit("Call the shop a store")
    repository.write("lib/x.py", "y = 1\n")
    repository.git("mv", "store.py", "lib/müll 1.py")
    repository.commit("Put the store into the library")
    assert found(repository) == [("Count one more than there is", "lib/müll 1.py", "total")]


def test_what_is_gone_gives_no_pair(repository: Repository) -> None:
    repository.write("shop.py", "def tax(price):\n    return price * 0.2\n\ndef gone(x):\n    return x + x\n")
    repository.commit("Add a thing that will be gone")
    repository.write("shop.py", "def tax(price):\n    return price * 0.2\n")
    repository.commit("Take the thing away again")
    result = mined(repository)
    assert result.pairs == []
    assert result.counts["commits/gone since"] == 1


def test_commits_that_change_many_functions_say_little_of_each(repository: Repository) -> None:
    repository.write("shop.py", "".join(f"def f{n}(x):\n    return x + {n}\n\n" for n in range(4)))
    repository.commit("Rewrite the shop from scratch")
    assert found(repository) == []
    assert mined(repository).counts["commits/too many functions"] == 1


def test_tests_neither_count_nor_answer(repository: Repository) -> None:
    repository.write("shop.py", "def total(items):\n    return sum(items) + 1\n")
    repository.write("tests/test_shop.py", "".join(f"def test_{n}():\n    assert {n}\n\n" for n in range(9)))
    repository.commit("Count one more than there is")
    assert found(repository) == [("Count one more than there is", "shop.py", "total")]


def test_the_innermost_function_is_the_one_that_changed(repository: Repository) -> None:
    text = "class A:\n    def f(self):\n        def g(x):\n            return {}\n        return g\n"
    repository.write("deep.py", text.format(1))
    repository.commit("chore: begin")
    repository.write("deep.py", text.format(2))
    repository.commit("Give two instead of one")
    assert found(repository) == [("Give two instead of one", "deep.py", "A.f.g")]


def test_layout_is_no_change(repository: Repository) -> None:
    repository.write(
        "shop.py", "def total(items):\n        return sum(items)\n\n\ndef tax(price):\n    return price * 0.25\n"
    )
    repository.commit("Raise the tax to a quarter")
    assert found(repository) == [("Raise the tax to a quarter", "shop.py", "tax")]


def test_of_overloads_the_one_with_the_same_signature_is_meant(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "java")
    text = "class A {{\n  int f(int a) {{\n    return {};\n  }}\n  int f(long a) {{\n    return {};\n  }}\n}}\n"
    repository.write("A.java", text.format(1, 1))
    repository.commit("chore: begin")
    repository.write("A.java", text.format(1, 2))
    repository.commit("Give two for a long number")
    result = mined(repository)
    codes = {code.id: code for code in result.codes}
    assert [codes[pair.code].signature for pair in result.pairs] == ["int f(long a)"]


def test_a_workspace_below_the_top_of_its_repository_has_its_own_paths(repository: Repository) -> None:
    repository.write("inner/a.py", "def f(x):\n    return x + 1\n")
    repository.commit("Add one to a number")
    result = mine([repository.folder / "inner"], COMMITS_ONLY)
    assert [(pair.query, pair.path) for pair in result.pairs] == [("Add one to a number", "a.py")]


def test_merges_and_robots_say_nothing(repository: Repository) -> None:
    repository.write("shop.py", "def total(items):\n    return sum(items) + 1\n")
    repository.commit("Count one more than there is", author="dependabot[bot]")
    assert found(repository) == []


def test_a_folder_without_history_has_no_commits(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("def f(x):\n    return x\n")
    assert mine([tmp_path], COMMITS_ONLY).pairs == []


def test_a_repository_cannot_make_git_run_a_program(repository: Repository, tmp_path: Path) -> None:
    trap = tmp_path / "ran"
    script = tmp_path / "script"
    script.write_text(f"#!/bin/sh\ntouch '{trap}'\ncat \"$@\"\n")
    script.chmod(0o700)
    for key in ("core.fsmonitor", "diff.external", "core.pager", "diff.py.textconv", "diff.py.command"):
        repository.git("config", key, str(script))
    repository.write(".gitattributes", "*.py diff=py\n")
    repository.write("shop.py", "def total(items):\n    return sum(items) + 1\n")
    repository.git("-c", "core.fsmonitor=false", "add", "-A")
    repository.git("-c", "core.fsmonitor=false", "commit", "-q", "-m", "Count one more than there is")
    trap.unlink(missing_ok=True)
    assert len(mined(repository).pairs) == 1
    assert not trap.exists()


def test_files_are_those_that_git_knows_or_would_add(repository: Repository) -> None:
    repository.write(".gitignore", "ignored.py\n")
    repository.write("ignored.py", "x = 1\n")
    repository.write("new.py", "x = 1\n")
    assert list_files(repository.folder) == [".gitignore", "new.py", "shop.py"]


@pytest.mark.parametrize(
    ("subject", "query"),
    [
        ("Fixed #32133 -- Allowed reversing of names", "Allowed reversing of names"),
        ("feat(api)!: stream the answer", "stream the answer"),
        ("JIRA-12: stop the loop", "stop the loop"),
        ("add support for sets; fixes #12", "add support for sets"),
        ("Stop the loop. This fixes #12.", "Stop the loop"),
        ("[core] stop the loop (#9)", "stop the loop"),
        ("Merge dictionaries in order", "Merge dictionaries in order"),
        ("Release the lock on error", "Release the lock on error"),
        ("Format dates as ISO 8601", "Format dates as ISO 8601"),
        ("Remove trailing slash of base addresses", "Remove trailing slash of base addresses"),
        ("Merge branch 'main' into x", ""),
        ("Merge pull request #1 from a/b", ""),
        ('Revert "Stop the loop"', ""),
        ("Bump pytest from 1 to 2", ""),
        ("Release 1.2.3", ""),
        ("v1.2.3", ""),
        ("fix a few more typos", ""),
        ("Add unit tests", ""),
        ("docs: explain the loop", ""),
        ("chore(deps): update x", ""),
        ("Apply suggestions from code review", ""),
        ("run black", ""),
        ("wip", ""),
        ("", ""),
        ("Update README.md", ""),
        ("fix " * 5_000, ""),
    ],
)
def test_subjects_lose_their_tickets_and_boilerplate_is_dropped(subject: str, query: str) -> None:
    assert query_of_subject(subject) == query


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("tests/test_a.py", True),
        ("a/test_b.py", True),
        ("a/b_test.go", True),
        ("a/b.spec.ts", True),
        ("src/test/java/ATest.java", True),
        ("src/latest.py", False),
        ("src/contest/a.py", False),
        ("attest.py", False),
    ],
)
def test_files_of_tests_are_known_by_their_paths(path: str, expected: bool) -> None:
    assert is_test(path) is expected


def test_without_git_everything_but_commits_is_mined(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.py").write_text('def f(a):\n    """Adds the two of them up."""\n    b = a\n    return b\n')
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    result = mine([tmp_path], MineRecipe())
    assert [pair.query for pair in result.pairs] == ["Adds the two of them up."]


def test_a_blob_that_is_too_large_is_passed_over_and_the_next_one_read(repository: Repository) -> None:
    repository.write("data.py", "x = 1\n" * 500_000)
    repository.commit("Add data")
    listed = git.ask(repository.folder, "ls-tree", "HEAD") or b""
    blobs = {line.split(b"\t")[1]: line.split()[2].decode() for line in listed.splitlines()}
    with git.Blobs(repository.folder) as contents:
        assert contents.read(blobs[b"data.py"], 1_000) is None
        assert (contents.read(blobs[b"shop.py"], 1_000) or b"").startswith(b"def total")
        assert contents.read("0" * 40, 1_000) is None
        assert len(contents.read(blobs[b"data.py"], 10_000_000) or b"") == 3_000_000


def test_signatures_are_not_looked_at_by_a_program_of_the_repositorys_choice(
    repository: Repository, tmp_path: Path
) -> None:
    spy = tmp_path / "spy"
    spy.write_text(f"#!/bin/sh\ntouch {tmp_path}/was-run\necho looked at\nexit 1\n")
    spy.chmod(0o755)
    repository.git("config", "gpg.program", str(spy))
    repository.git("config", "log.showSignature", "true")
    repository.write("shop.py", "def tax(price):\n    return price * 0.25\n")
    repository.commit("Raise the tax to a quarter")
    _sign_last(repository.folder)
    repository.write("cart.py", "def count(items):\n    return len(items)\n")
    repository.commit("Count what is in the cart")
    assert [(one.subject, [change.path for change in one.changes]) for one in commits(repository.folder, 9)][:2] == [
        ("Count what is in the cart", ["cart.py"]),
        ("Raise the tax to a quarter", ["shop.py"]),
    ]
    assert not (tmp_path / "was-run").exists()


def _sign_last(folder: Path) -> None:
    """Put something like a signature into the last commit."""

    def ask(*arguments: str, given: bytes = b"") -> bytes:
        return subprocess.run(["git", *arguments], cwd=folder, input=given, capture_output=True, check=True).stdout

    head, message = ask("cat-file", "commit", "HEAD").split(b"\n\n", 1)
    armour = b"gpgsig -----BEGIN PGP SIGNATURE-----\n \n abc\n -----END PGP SIGNATURE-----"
    made = ask("hash-object", "-t", "commit", "-w", "--stdin", given=head + b"\n" + armour + b"\n\n" + message)
    ask("update-ref", "HEAD", made.decode().strip())
