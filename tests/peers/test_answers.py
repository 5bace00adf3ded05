"""Hits of peers become codes: by lines, each once, in the order of the hits."""

from __future__ import annotations

from benchmarks.peers.answers import Place, codes_of, shared_lines
from benchmarks.peers.peer import Hit

PLACES = {
    "a.py": [
        Place(code="a.first", start_line=1, end_line=10),
        Place(code="a.second", start_line=12, end_line=40),
    ],
    "b.py": [Place(code="b", start_line=1, end_line=5)],
}


def hit(path: str, first: int, last: int) -> Hit:
    return Hit(path=path, start_line=first, end_line=last)


def test_a_code_takes_the_place_of_the_first_hit_that_touches_it() -> None:
    hits = [hit("b.py", 2, 3), hit("a.py", 1, 4), hit("b.py", 4, 5)]
    assert codes_of(hits, PLACES) == ["b", "a.first"]


def test_a_hit_over_two_codes_names_the_one_first_of_which_it_shows_more() -> None:
    assert codes_of([hit("a.py", 8, 30)], PLACES) == ["a.second", "a.first"]
    assert codes_of([hit("a.py", 1, 13)], PLACES) == ["a.first", "a.second"]


def test_a_hit_between_codes_and_one_in_an_unknown_file_take_no_place() -> None:
    hits = [hit("a.py", 11, 11), hit(".cocoindex_code/settings.yml", 1, 3), hit("b.py", 1, 1)]
    assert codes_of(hits, PLACES) == ["b"]


def test_lines_are_counted_with_both_ends() -> None:
    place = Place(code="x", start_line=5, end_line=8)
    shared = [shared_lines(hit("x", *lines), place) for lines in ((1, 4), (1, 5), (6, 7), (8, 99), (9, 9))]
    assert shared == [0, 1, 2, 1, 0]
