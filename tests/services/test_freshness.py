"""A stored function is looked at in its file before it is shown: moved, changed, gone, one of several alike."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from vizsla.index.records import StoredFunction
from vizsla.services.freshness import Current, Freshness
from vizsla.services.upkeep import Upkeep
from vizsla.services.workspace import Workspace

ALIKE = "class A:\n    def put(self):\n        return 1\n\n\nclass B:\n    def put(self):\n        return 1\n"
OVERLOADED = "class Box {\n  void put(int a) { this.a = a; }\n  void put(String a) { this.b = a; }\n}\n"

Look = Callable[[str, str], Current | None]


def stored(workspace: Workspace, path: str, name: str, number: int = 0) -> StoredFunction:
    return [one for one in workspace.store.functions_of(path) if one.qualified_name == name][number]


@pytest.fixture
def indexed(workspace: Workspace) -> Workspace:
    (workspace.root / "alike.py").write_text(ALIKE)
    (workspace.root / "Box.java").write_text(OVERLOADED)
    Upkeep(workspace).indexing.reconcile()
    return workspace


def test_an_untouched_file_is_not_parsed_again(indexed: Workspace) -> None:
    function = stored(indexed, "shop/uploads.py", "send")
    current = Freshness(indexed).current(function)
    assert current is not None and not current.is_stale
    assert current.range == function.range and current.source.startswith("def send(path)")


def test_a_moved_function_is_found_at_its_new_place(indexed: Workspace) -> None:
    function, path = stored(indexed, "shop/uploads.py", "send"), indexed.root / "shop/uploads.py"
    path.write_text("\n\n\n" + path.read_text())
    current = Freshness(indexed).current(function)
    assert current is not None and not current.is_stale
    assert current.range.start.line == function.range.start.line + 3


def test_a_changed_function_is_stale_and_a_deleted_one_is_gone(indexed: Workspace) -> None:
    send, retry = (stored(indexed, "shop/uploads.py", name) for name in ("send", "retry_upload"))
    (indexed.root / "shop/uploads.py").write_text("def send(path):\n    return 7\n")
    fresh = Freshness(indexed)
    current = fresh.current(send)
    assert current is not None and current.is_stale and "return 7" in current.source
    assert fresh.current(retry) is None


@pytest.mark.parametrize("by", ["nothing", "folder", "link", "binary", "other text"])
def test_functions_of_a_replaced_file_are_gone(indexed: Workspace, by: str) -> None:
    function, path = stored(indexed, "shop/uploads.py", "send"), indexed.root / "shop/uploads.py"
    kept = path.rename(path.with_name("elsewhere"))
    if by == "folder":
        path.mkdir()
    elif by == "link":
        path.symlink_to(kept)
    elif by == "binary":
        path.write_bytes(b"\x00\x01" * 50)
    elif by == "other text":
        path.write_text("x = 1\n")
    assert Freshness(indexed).current(function) is None


def test_of_equal_methods_each_stays_with_its_class(indexed: Workspace) -> None:
    functions = [stored(indexed, "alike.py", name) for name in ("A.put", "B.put")]
    (indexed.root / "alike.py").write_text("import os\n\n" + ALIKE)
    fresh = Freshness(indexed)
    found = [fresh.current(function) for function in functions]
    assert [one.range.start.line for one in found if one] == [f.range.start.line + 2 for f in functions]


def test_of_overloads_the_one_with_the_same_signature_is_taken(indexed: Workspace) -> None:
    functions = [stored(indexed, "Box.java", "Box.put", number) for number in (0, 1)]
    (indexed.root / "Box.java").write_text(OVERLOADED.replace("= a; }", "= a + 1; }"))
    fresh = Freshness(indexed)
    found = [fresh.current(function) for function in functions]
    assert [one.source.split(")")[0] for one in found if one] == ["void put(int a", "void put(String a"]
    assert all(one and one.is_stale for one in found)
