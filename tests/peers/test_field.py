"""What single peers print becomes hits, and what they are asked is what it should be."""

from __future__ import annotations

from benchmarks.peers.children.windows import LINES, windows_of
from benchmarks.peers.environments import PINS, version_of
from benchmarks.peers.field.ripgrep import ranked, words_of
from benchmarks.peers.field.seagoat import hits_of as seagoat_hits
from benchmarks.peers.field.semcode import hits_of as semcode_hits
from benchmarks.peers.peer import Hit
from benchmarks.peers.roster import ROSTER


def test_every_peer_has_a_name_of_its_own_a_sentence_and_exact_pins() -> None:
    assert len({peer.name for peer in ROSTER}) == len(ROSTER)
    for peer in ROSTER:
        assert peer.what
        if peer.pins:
            lines = (PINS / f"{peer.pins}.txt").read_text(encoding="utf-8").splitlines()
            assert all("==" in line or line.startswith("#") for line in lines)
            assert "==" in version_of(peer.pins)


def test_no_pins_bring_packages_of_cuda() -> None:
    for path in PINS.glob("*.txt"):
        assert "nvidia" not in path.read_text(encoding="utf-8"), path


def test_ripgrep_ranks_files_by_different_words_then_by_matches() -> None:
    found = [("a.py", 3, "open"), ("a.py", 9, "open"), ("b.py", 5, "open"), ("b.py", 20, "File"), ("b.py", 20, "open")]
    output = "".join(f"./{path}\x00{line}:{word}\n" for path, line, word in found)
    assert ranked(output) == [
        Hit(path="b.py", start_line=15, end_line=25),
        Hit(path="a.py", start_line=1, end_line=8),
    ]


def test_ripgrep_is_not_asked_for_words_that_say_nothing_unless_there_are_no_others() -> None:
    assert words_of("How is the cookie of the session signed?") == ["cookie", "session", "signed"]
    assert words_of("what is it") == ["what", "is", "it"]


def test_hits_of_semcode_are_read_from_what_it_prints() -> None:
    printed = '\n────\n  #1 src/a b.py:10-39  (61.2% match)\n────\n\n  #2 c.go:1-3  (-1.0% match)\n\n2 results for: "#3 x:1-2  (1% match)"'
    assert semcode_hits(printed) == [
        Hit(path="src/a b.py", start_line=10, end_line=39),
        Hit(path="c.go", start_line=1, end_line=3),
    ]


def test_hits_of_seagoat_are_its_blocks_in_the_order_in_which_its_client_prints_them() -> None:
    blocks = [{"lines": [{"line": 4}, {"line": 5}]}, {"lines": [{"line": 30}]}]
    found = {"results": [{"path": "a.py", "blocks": blocks}, {"path": "b.py", "blocks": [{"lines": [{"line": 1}]}]}]}
    assert [(hit.path, hit.start_line, hit.end_line) for hit in seagoat_hits(found)] == [
        ("a.py", 4, 5),
        ("a.py", 30, 30),
        ("b.py", 1, 1),
    ]


def test_windows_overlap_and_cover_every_line(tmp_path: object) -> None:
    from pathlib import Path

    root = Path(str(tmp_path))
    for count in (1, LINES, LINES + 1, 95):
        (root / "a.py").write_text("".join(f"x{number}\n" for number in range(count)), encoding="utf-8")
        windows = windows_of(root, "a.py")
        covered = {line for _, first, last, _ in windows for line in range(first, last + 1)}
        assert covered == set(range(1, count + 1))
        assert all(text.splitlines()[0] == f"x{first - 1}" for _, first, _, text in windows)
