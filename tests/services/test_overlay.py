"""Open buffers count instead of their files: found by meaning and words, in memory alone, gone when they are closed."""

from __future__ import annotations

import codecs
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from shop import SHOP
from vizsla.core.errors import QueryError
from vizsla.services.answers import Answer, SearchRequest
from vizsla.services.filters import Filters
from vizsla.services.overlay_store import FIRST_KEY
from vizsla.services.reading import Skipped, SourceText
from vizsla.services.resources import Resources
from vizsla.services.searching import SearchService
from vizsla.services.skipping import SkipReason
from vizsla.services.upkeep import Upkeep
from vizsla.services.workspace import Workspace

CART = "shop/cart.py"
ENCRYPT = '''
    def encrypt_card(self, number):
        """Hide the number of a credit card with a cipher."""
        return zyxcipher(number)
'''
QUESTION = "protect payment details of a card"


@pytest.fixture
def indexed(workspace: Workspace) -> Workspace:
    """The small shop, indexed."""
    Upkeep(workspace).run()
    return workspace


async def ask(workspace: Workspace, query: str = QUESTION, **options: object) -> Answer:
    service = SearchService(workspace)
    try:
        return await service.search(SearchRequest(query=query, **options))  # type: ignore[arg-type]
    finally:
        service.close()


def names(answer: Answer) -> list[tuple[str, str]]:
    return [(hit.path, hit.qualified_name) for hit in answer.hits]


def settle(workspace: Workspace) -> None:
    assert workspace.overlay.wait_settled(60)


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


async def test_what_is_written_and_not_saved_is_found_until_it_is_closed(indexed: Workspace) -> None:
    indexed.overlay.open(CART, SHOP[CART] + ENCRYPT, 1)
    settle(indexed)
    answer = await ask(indexed)
    best = answer.hits[0]
    assert (best.path, best.qualified_name, best.is_stale) == (CART, "Cart.encrypt_card", False)
    assert best.uri == (indexed.root / CART).as_uri()
    assert best.why.cosine is not None and not answer.is_partial
    assert len(names(answer)) == len(set(names(answer))), "no function is there twice"
    indexed.overlay.close(CART)
    assert (CART, "Cart.encrypt_card") not in names(await ask(indexed))
    assert (CART, "Cart.total_price") in names(await ask(indexed))


async def test_a_file_that_was_never_saved_is_found(indexed: Workspace) -> None:
    indexed.overlay.open("new/deep/card.py", "class Card:\n" + ENCRYPT)
    settle(indexed)
    assert names(await ask(indexed))[0] == ("new/deep/card.py", "Card.encrypt_card")
    assert ("new/deep/card.py", "Card.encrypt_card") in names(await ask(indexed, f"{QUESTION} in:new"))
    indexed.overlay.close("new/deep/card.py")
    assert all(path != "new/deep/card.py" for path, _ in names(await ask(indexed)))


async def test_what_was_taken_out_of_a_buffer_is_not_found(indexed: Workspace) -> None:
    indexed.overlay.open("shop/uploads.py", "x = 1\n")
    settle(indexed)
    assert all(name != "retry_upload" for _, name in names(await ask(indexed, "retry failed uploads")))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_buffer_that_equals_its_file_needs_nothing(workspace: Workspace, encoding: str) -> None:
    (workspace.root / CART).write_bytes(SHOP[CART].encode(encoding))
    Upkeep(workspace).run()
    workspace.overlay.open(CART, SHOP[CART])
    settle(workspace)
    assert workspace.overlay.paths() == {CART}
    assert workspace.overlay.changed_paths() == frozenset()
    source, record = workspace.overlay.source(CART), workspace.store.file(CART)
    assert isinstance(source, SourceText) and record is not None
    assert source.content_hash == record.content_hash, "else every question would parse it"


def test_after_a_save_the_store_counts_as_soon_as_it_has_the_vectors(indexed: Workspace) -> None:
    overlay, upkeep = indexed.overlay, Upkeep(indexed)
    overlay.open(CART, SHOP[CART] + ENCRYPT)
    settle(indexed)
    (indexed.root / CART).write_text(SHOP[CART] + ENCRYPT)
    upkeep.indexing.reconcile()
    overlay.store_changed()
    settle(indexed)
    assert overlay.changed_paths() == {CART}, "its new function has no vector in the store"
    upkeep.run()
    until(lambda: not overlay.changed_paths())


async def test_a_buffer_counts_when_its_file_changes_beneath_it(indexed: Workspace) -> None:
    indexed.overlay.open("shop/uploads.py", SHOP["shop/uploads.py"])
    settle(indexed)
    (indexed.root / "shop/uploads.py").write_text("x = 1\n")
    Upkeep(indexed).run()
    indexed.overlay.store_changed()
    until(lambda: indexed.overlay.changed_paths() == {"shop/uploads.py"})
    settle(indexed)
    assert names(await ask(indexed, "retry failed uploads"))[0] == ("shop/uploads.py", "retry_upload")


async def test_only_the_newest_of_many_texts_counts(indexed: Workspace) -> None:
    for number in range(300):
        indexed.overlay.change(CART, f"def number_{number}():\n    return {number}\n" * 20, number)
    settle(indexed)
    found = await ask(indexed, "number", limit=100)
    assert {name for path, name in names(found) if path == CART} == {"number_299"}


@pytest.mark.parametrize(
    ("path", "text", "reason"),
    [
        ("build/card.py", "class Card:\n" + ENCRYPT, SkipReason.IGNORED),
        (".git/card.py", "class Card:\n" + ENCRYPT, SkipReason.IGNORED),
        ("../card.py", "class Card:\n" + ENCRYPT, SkipReason.OUTSIDE),
        ("link.py", "class Card:\n" + ENCRYPT, SkipReason.LINK),
        ("secrets.json", "{}", SkipReason.SECRET),
        ("card.qqq", "class Card:\n" + ENCRYPT, SkipReason.NO_LANGUAGE),
        ("card.py", "x = 1\n" * 400_000, SkipReason.TOO_LARGE),
        ("card.py", "x = 1\0\n", SkipReason.BINARY),
        ("card.min.js", "function encryptCard() { return 1 }", SkipReason.MINIFIED),
        (CART, "# Code generated by x. DO NOT EDIT.\n" + SHOP[CART], SkipReason.GENERATED),
    ],
)
async def test_what_would_not_be_indexed_as_a_file_is_not_as_a_buffer(
    indexed: Workspace, path: str, text: str, reason: SkipReason
) -> None:
    (indexed.root / ".vizslaignore").write_text("build/\n")
    (indexed.root / "link.py").symlink_to(indexed.root / CART)
    indexed.overlay.open(path, text)
    settle(indexed)
    assert indexed.overlay.source(path) == Skipped(path=path, reason=reason)
    assert all(found != path for found, _ in names(await ask(indexed, "total price of the cart, card", limit=100)))


async def test_a_process_that_only_reads_finds_its_buffers(indexed: Workspace) -> None:
    with Workspace(indexed.root, indexed.resources) as reader:
        assert not reader.is_writer
        reader.overlay.open(CART, SHOP[CART] + ENCRYPT)
        settle(reader)
        assert names(await ask(reader))[0] == (CART, "Cart.encrypt_card")
        assert (CART, "Cart.encrypt_card") not in names(await ask(indexed)), "buffers of others are theirs"


async def test_questions_can_be_limited_to_open_and_to_changed_files(indexed: Workspace) -> None:
    for command in (["init", "-q"], ["add", "."], ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "a"]):
        subprocess.run(["git", *command], cwd=indexed.root, check=True, capture_output=True)
    Upkeep(indexed).run()
    indexed.overlay.open("web/session.js", SHOP["web/session.js"])
    indexed.overlay.open(CART, SHOP[CART] + ENCRYPT)
    settle(indexed)
    assert {path for path, _ in names(await ask(indexed, "cookie is:open"))} == {"web/session.js", CART}
    assert {path for path, _ in names(await ask(indexed, "cookie", filters=Filters(only_open=True)))} == {
        "web/session.js",
        CART,
    }
    assert {path for path, _ in names(await ask(indexed, "cookie is:changed"))} == {CART}
    indexed.overlay.close_all()
    assert not (await ask(indexed, "cookie is:open")).hits


async def test_similar_functions_are_found_from_a_place_in_a_buffer(indexed: Workspace) -> None:
    indexed.overlay.open(CART, "import re\n\n\n" + SHOP[CART] + ENCRYPT)
    service = SearchService(indexed)
    try:
        answer = await service.similar(CART, 3 + 6, 8)
        assert answer.query == "Cart.total_price"
        assert (CART, "Cart.total_price") not in names(answer)
        assert (await service.similar(CART, 3 + SHOP[CART].count("\n") + 3, 8)).query == "Cart.encrypt_card"
        with pytest.raises(QueryError, match="no function is indexed"):
            await service.similar("nowhere.py", 0, 0)
    finally:
        service.close()


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
async def test_a_hit_tells_what_stands_before_it_on_its_line(indexed: Workspace, end: str) -> None:
    text = end.join(["", "/* 🐕 für */ export function hideCard(number) {", "  return cipher(number);", "}", ""])
    indexed.overlay.open("web/card.js", text)
    settle(indexed)
    hit = next(hit for hit in (await ask(indexed)).hits if hit.name == "hideCard")
    lines = text.split(end)
    assert hit.before and lines[hit.range.start.line].startswith(hit.before)
    assert len(hit.before.encode("utf-16-le")) // 2 == hit.range.start.character
    assert hit.source.startswith(lines[1][len(hit.before) :][:20])


async def test_nothing_of_a_buffer_is_written_to_disk(indexed: Workspace) -> None:
    indexed.overlay.open(CART, SHOP[CART] + ENCRYPT)
    settle(indexed)
    await ask(indexed)
    indexed.save_vectors()
    files = [path for path in indexed.resources.cache_directory.rglob("*") if path.is_file()]
    assert files and not any(b"zyxcipher" in path.read_bytes() for path in files)


def test_keys_of_buffers_never_mean_functions_of_the_disk(indexed: Workspace) -> None:
    indexed.overlay.open(CART, SHOP[CART] + ENCRYPT)
    settle(indexed)
    with indexed.view().layers() as (below, above):
        keys, _ = above.store.all_keys_and_hashes()
        assert len(keys) and keys.min() >= FIRST_KEY
        assert len(below.hidden) == len(indexed.store.functions_of(CART))


def test_the_newest_text_waits_for_a_model_worker_that_died(shop: Path, fresh_resources: Resources) -> None:
    with Workspace(shop, fresh_resources) as workspace:
        Upkeep(workspace).run()
        assert fresh_resources.models is not None
        pid = fresh_resources.models.status().pid
        assert pid is not None
        os.kill(pid, signal.SIGSTOP)
        workspace.overlay.open(CART, SHOP[CART] + ENCRYPT)
        assert not workspace.overlay.wait_settled(0.3)
        with workspace.view().layers() as (_, above):
            assert above.store.search_words(["zyxcipher"], 1), "found by its words at once"
        os.kill(pid, signal.SIGKILL)
        settle(workspace)


def test_while_somebody_types_in_a_function_it_keeps_a_vector(shop: Path, fresh_resources: Resources) -> None:
    with Workspace(shop, fresh_resources) as workspace:
        Upkeep(workspace).run()
        workspace.overlay.open(CART, SHOP[CART] + ENCRYPT)
        settle(workspace)
        assert fresh_resources.models is not None
        pid = fresh_resources.models.status().pid
        assert pid is not None
        os.kill(pid, signal.SIGSTOP)
        workspace.overlay.open(CART, SHOP[CART] + ENCRYPT.replace("zyxcipher", "other"))

        def is_parsed() -> bool:
            with workspace.view().layers() as (_, above):
                return bool(above.store.search_words(["other"], 1))

        until(is_parsed)
        assert not workspace.overlay.is_settled
        with workspace.view().layers() as (_, above):
            (found,) = [one for one in above.store.functions_of(CART) if one.name == "encrypt_card"]
            assert above.vectors is not None and found.key in above.vectors
        os.kill(pid, signal.SIGCONT)
        settle(workspace)


def test_listeners_hear_when_buffers_are_settled(indexed: Workspace) -> None:
    heard: list[bool] = []
    indexed.overlay.on_settled = lambda: heard.append(indexed.overlay.is_settled)
    indexed.overlay.open(CART, SHOP[CART] + ENCRYPT)
    settle(indexed)
    until(lambda: True in heard)


def test_a_byte_order_mark_is_no_text(indexed: Workspace) -> None:
    indexed.overlay.open(CART, codecs.BOM_UTF8.decode() + SHOP[CART])
    settle(indexed)
    source = indexed.overlay.source(CART)
    assert isinstance(source, SourceText) and source.text_utf8 == SHOP[CART].encode()


def test_after_closing_the_workspace_buffers_are_ignored(shop: Path, resources: Resources) -> None:
    workspace = Workspace(shop, resources)
    workspace.overlay.open(CART, SHOP[CART] + ENCRYPT)
    workspace.close()
    workspace.overlay.open(CART, "x = 1\n")
    assert workspace.overlay.paths() == frozenset()
