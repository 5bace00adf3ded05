"""Workspace folders that come and go: opened, tried again, nested, paused, cleared, with the buffers of an editor."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from services.roots_at import Heard, asked, eventually, places, roots_at, settle
from services.trees import borrow
from shop import SHOP, write_tree
from vizsla.core.errors import QueryError, WorkspaceError
from vizsla.services.resources import Resources
from vizsla.services.roots import Roots

Lend = Callable[[], Resources]


@pytest.fixture
def lend(resources: Resources, tmp_path: Path) -> Lend:
    """Resources for one server: a cache of this test, with the children of the session."""
    return lambda: borrow(resources, tmp_path / "cache")


@pytest.fixture
def roots(lend: Lend) -> Iterator[Roots]:
    """No folder yet."""
    with roots_at(lend()) as opened:
        yield opened


async def test_a_folder_that_was_added_can_be_asked(roots: Roots, shop: Path) -> None:
    root = roots.add(shop)
    settle(roots)
    answer = await asked(roots, "send a file again")
    assert places(answer)[0] == ("shop", "shop/uploads.py")
    assert not answer.is_partial
    assert (root.path, roots.all()) == (shop.resolve(), (root,))


def test_the_same_folder_under_two_names_is_one_root_until_both_are_removed(
    roots: Roots, shop: Path, tmp_path: Path
) -> None:
    (tmp_path / "link").symlink_to(shop)
    assert roots.add(shop) is roots.add(tmp_path / "link") is roots.add(Path(f"{shop}/../shop/"))
    roots.remove(tmp_path / "link")
    roots.remove(Path(f"{shop}/../shop/"))
    assert [root.path for root in roots.all()] == [shop]
    roots.remove(shop)
    roots.remove(shop)
    assert roots.all() == ()


async def test_a_folder_that_cannot_be_opened_says_why_and_is_opened_when_it_can(
    roots: Roots, shop: Path, tmp_path: Path
) -> None:
    roots.add(tmp_path / "later")
    roots.add(shop)
    missing, open_one = roots.statuses()
    assert (missing.index, missing.schedule) == (None, None)
    assert "does not exist" in missing.problem
    assert open_one.problem == ""
    assert eventually(lambda: roots.statuses()[1].schedule.activity == "ready")  # type: ignore[union-attr]
    answer = await asked(roots, "total price with tax")
    assert answer.hits
    assert any("later" in note and "not searched" in note for note in answer.notes)
    write_tree(tmp_path / "later", {"late.py": "def arrive_late():\n    return 'late'\n"})
    assert eventually(lambda: roots.statuses()[0].index is not None)
    settle(roots)
    assert places(await asked(roots, "arrive late"))[0] == ("later", "late.py")


async def test_a_name_that_becomes_a_link_leads_where_it_points(roots: Roots, shop: Path, tmp_path: Path) -> None:
    roots.add(tmp_path / "name")
    roots.add(shop)
    (tmp_path / "name").symlink_to(shop)
    assert eventually(lambda: [root.path for root in roots.all()] == [shop])
    roots.remove(shop)
    assert [root.path for root in roots.all()] == [shop]
    roots.remove(tmp_path / "name")
    assert roots.all() == ()


async def test_without_a_folder_a_question_is_told_what_to_do(roots: Roots, tmp_path: Path, shop: Path) -> None:
    with pytest.raises(QueryError, match="no folder is open"):
        await asked(roots, "anything")
    with pytest.raises(QueryError, match="does not exist"):
        roots.add(tmp_path / "nowhere")
        await asked(roots, "anything")
    with pytest.raises(WorkspaceError, match="no open workspace folder"):
        await asked(roots, "anything", of=(shop,))


async def test_only_the_roots_that_are_named_are_asked(roots: Roots, shop: Path, tmp_path: Path) -> None:
    other = write_tree(tmp_path / "other", {"o.py": "def total_price_elsewhere():\n    return 1\n"})
    roots.add(shop)
    roots.add(other)
    settle(roots)
    assert {name for name, _ in places(await asked(roots, "total price"))} == {"shop", "other"}
    assert {name for name, _ in places(await asked(roots, "total price", of=(other,)))} == {"other"}


async def test_a_file_in_two_roots_is_answered_by_the_inner_one_alone(roots: Roots, tmp_path: Path) -> None:
    outer = write_tree(tmp_path / "outer", {f"o{n}.py": f"def wash_dishes_{n}():\n    return {n}\n" for n in range(4)})
    inner = write_tree(outer / "inner", {f"i{n}.py": f"def wash_dishes_in_{n}():\n    return {n}\n" for n in range(9)})
    roots.add(outer)
    roots.add(inner)
    settle(roots)
    assert roots.locate(inner / "i1.py") == (roots.all()[1], "i1.py")
    assert roots.locate(outer / "o1.py") == (roots.all()[0], "o1.py")
    assert roots.locate(tmp_path / "x.py") is None
    found = places(await asked(roots, "wash dishes", 50))
    assert sorted(found) == sorted(
        [("inner", f"i{n}.py") for n in range(9)] + [("outer", f"o{n}.py") for n in range(4)]
    )
    # The outer one still has as many hits to give as are wanted.
    alone = places(await asked(roots, "wash dishes path:o*.py", 4))
    assert sorted(alone) == [("outer", f"o{n}.py") for n in range(4)]
    inside = places(await asked(roots, "wash dishes", 50, of=(outer,)))
    assert len(inside) == 13, "of an outer root that is asked alone, everything in it answers"
    roots.remove(inner)
    assert len(places(await asked(roots, "wash dishes", 50))) == 13
    assert {name for name, _ in places(await asked(roots, "wash dishes", 50))} == {"outer"}


async def test_an_open_buffer_wins_over_the_disk_until_it_is_closed(roots: Roots, shop: Path) -> None:
    roots.add(shop)
    settle(roots)
    file = shop / "shop" / "cart.py"
    roots.open_buffer(file, "def juggle_oranges():\n    return 'oranges'\n", 1)
    settle(roots)
    assert places(await asked(roots, "juggle oranges", 1)) == [("shop", "shop/cart.py")]
    assert "total_price" not in {hit.name for hit in (await asked(roots, "total price with tax")).hits}
    assert roots.statuses()[0].open_buffers == 1
    roots.close_buffer(file)
    settle(roots)
    assert "total_price" in {hit.name for hit in (await asked(roots, "total price with tax")).hits}
    assert roots.statuses()[0].open_buffers == 0


async def test_a_buffer_that_was_open_before_its_root_reaches_it(roots: Roots, shop: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(shop)
    roots.open_buffer(tmp_path / "link" / "new.py", "def juggle_oranges():\n    return 'oranges'\n", 1)
    roots.add(shop)
    settle(roots)
    assert places(await asked(roots, "juggle oranges", 1)) == [("shop", "new.py")]


async def test_a_buffer_in_nested_roots_stays_when_the_inner_one_goes(roots: Roots, shop: Path) -> None:
    roots.add(shop)
    roots.add(shop / "web")
    roots.open_buffer(shop / "web" / "new.py", "def juggle_oranges():\n    return 'oranges'\n", 1)
    settle(roots)
    assert places(await asked(roots, "juggle oranges", 5))[0] == ("web", "new.py")
    roots.remove(shop / "web")
    settle(roots)
    assert places(await asked(roots, "juggle oranges", 5))[0] == ("shop", "web/new.py")
    roots.add(shop / "web")
    settle(roots)
    found = places(await asked(roots, "juggle oranges", 5))
    assert found[0] == ("web", "new.py")
    assert ("shop", "web/new.py") not in found


async def test_what_a_client_tells_of_the_disk_arrives(roots: Roots, shop: Path) -> None:
    roots.add(shop)
    settle(roots)
    (shop / "web" / "session.js").rename(shop / "cookies.js")
    roots.changed([shop / "web" / "session.js", shop / "cookies.js"])
    settle(roots)
    assert ("shop", "cookies.js") in places(await asked(roots, "sign cookie"))
    assert ("shop", "web/session.js") not in places(await asked(roots, "sign cookie"))


async def test_functions_like_one_are_found_in_all_roots(roots: Roots, shop: Path, tmp_path: Path) -> None:
    other = write_tree(tmp_path / "other", {"up.py": SHOP["shop/uploads.py"], "x.py": "def unlike():\n    pass\n"})
    roots.add(shop)
    roots.add(other)
    settle(roots)
    answer = await roots.similar(shop / "shop" / "uploads.py", 7, 0, limit=3)
    assert answer.query == "retry_upload"
    assert places(answer)[0] == ("other", "up.py")
    assert all((hit.root, hit.name) != (shop, "retry_upload") for hit in answer.hits)
    with pytest.raises(QueryError, match="no open folder"):
        await roots.similar(tmp_path / "nowhere.py", 1, 0)


async def test_a_paused_root_waits_and_a_cleared_one_is_empty_until_it_is_resumed(roots: Roots, shop: Path) -> None:
    roots.add(shop)
    settle(roots)
    roots.pause(shop)
    assert eventually(lambda: roots.statuses()[0].schedule.activity == "paused")  # type: ignore[union-attr]
    roots.resume()
    settle(roots)
    roots.clear(shop)
    (status,) = roots.statuses()
    assert status.index is not None
    assert status.index.functions == 0
    assert (await asked(roots, "total price")).is_partial
    roots.resume(shop)
    settle(roots)
    assert (await asked(roots, "total price")).hits
    roots.rebuild()
    settle(roots)
    assert (await asked(roots, "total price")).hits


async def test_a_root_that_was_never_indexed_is_not_silent(lend: Lend, tmp_path: Path) -> None:
    tree = {f"p{n % 20}/m{n}.py": f"def handle_case_{n}(x):\n    return x + {n}\n" for n in range(500)}
    big = write_tree(tmp_path / "big", {**tree, "p7/oven.py": "def bake_bread(flour):\n    return flour * 2\n"})
    with roots_at(lend()) as roots:
        roots.add(big)
        first = await asked(roots, "bake bread")
        assert places(first)[0] == ("big", "p7/oven.py")
        settle(roots)
        assert not (await asked(roots, "bake bread")).is_partial
    with roots_at(lend()) as roots:
        roots.add(big)
        assert places(await asked(roots, "bake bread"))[0] == ("big", "p7/oven.py")


async def test_a_second_server_reads_and_takes_over_when_the_first_ends(lend: Lend, shop: Path) -> None:
    first = Roots(lend(), listener=Heard(), watch="none")
    first.add(shop)
    settle(first)
    with roots_at(lend(), shop) as second:
        (status,) = second.statuses()
        assert status.index is not None
        assert not status.index.is_writer
        assert (await asked(second, "total price")).hits
        first.close(10.0)
        assert eventually(lambda: all(one.index is not None and one.index.is_writer for one in second.statuses()))
        write_tree(shop, {"after.py": "def take_over():\n    return 'second'\n"})
        second.changed([shop / "after.py"])
        settle(second)
        assert places(await asked(second, "take over"))[0] == ("shop", "after.py")


async def test_after_the_end_nothing_is_opened_and_nobody_answers(lend: Lend, shop: Path) -> None:
    roots = Roots(lend(), listener=Heard(), watch="none")
    roots.add(shop)
    roots.close()
    roots.close()
    with pytest.raises(WorkspaceError, match="ending"):
        roots.add(shop)
    with pytest.raises(QueryError):
        await asked(roots, "anything")


def test_a_listener_hears_of_work_and_of_changes(lend: Lend, shop: Path) -> None:
    heard = Heard()
    roots = Roots(lend(), listener=heard, watch="none")
    write_tree(shop, {f"m{n}.py": f"def step_{n}():\n    return {n}\n" for n in range(200)})
    try:
        roots.add(shop)
        settle(roots)
        assert heard.changes > 0
        assert {root for root, _ in heard.reports} == {shop}
    finally:
        roots.close(10.0)
