"""Sets of questions as folders: whole files keep their paths, functions get a file each, and all is committed."""

from __future__ import annotations

import subprocess
from pathlib import Path

from benchmarks.peers.answers import Place
from benchmarks.peers.sized import sized_tree
from benchmarks.peers.workspaces import write_codes

from shop import SHOP, write_tree


def test_functions_get_files_of_their_own_named_by_path_and_name(tmp_path: Path) -> None:
    codes = [
        {"cid": "1", "path": "src/a.py", "name": "A.run", "language": "python", "code": "def run():\n    pass\n"},
        {"cid": "2", "path": "src/a.py", "name": "A.run", "language": "python", "code": "def run(): ..."},
        {"cid": "3", "path": "b.rs", "name": "operator ==", "language": "rust", "code": "fn eq() {}"},
        {"cid": "4", "language": "python", "code": "x = 1"},
        {"cid": "5", "language": "sql", "code": "select 1"},
    ]
    space = write_codes(codes, tmp_path / "w", has_files=False)
    paths = {place.code: path for path, (place,) in space.places.items()}
    assert paths == {
        "1": "src/a/A.run.py",
        "2": "src/a/A.run-1.py",
        "3": "b/operator_.rs",
        "4": "code/000003.py",
        "5": "code/000004.sql",
    }
    assert space.places["src/a/A.run.py"] == [Place(code="1", start_line=1, end_line=3)]
    listed = subprocess.run(["git", "-C", space.root, "ls-files"], capture_output=True, text=True, check=True).stdout
    assert sorted(listed.split()) == sorted(paths.values())


def test_whole_files_keep_their_paths(tmp_path: Path) -> None:
    code = {"cid": "x", "path": "lib/deep/a.js", "language": "javascript", "code": "let a\n"}
    space = write_codes([code], tmp_path / "w", has_files=True)
    assert (space.root / "lib/deep/a.js").read_text(encoding="utf-8") == "let a\n"


def test_a_tree_of_a_size_holds_whole_files_and_questions_with_known_answers(tmp_path: Path) -> None:
    source = write_tree(tmp_path / "shop", SHOP)
    documented = "def ship(order):\n    '''Send the parcel of an order to its customer. Soon.'''\n    return order\n"
    (source / "zz.py").write_text(documented, encoding="utf-8")
    whole = sized_tree([source], 3, tmp_path / "trees")
    assert whole.functions >= 3
    again = sized_tree([source], 3, tmp_path / "trees")
    assert again == whole
    everything = sized_tree([source, source], 2 * whole.functions, tmp_path / "trees")
    assert everything.functions >= 2 * whole.functions
    known = [one for one in everything.known if one.path == "shop/zz.py"]
    assert [(one.question, one.place.start_line) for one in known] == [
        ("Send the parcel of an order to its customer.", 1)
    ]
