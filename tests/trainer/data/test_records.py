"""Records survive their files, and files are whole or not there."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trainer.builders import a_code
from vizsla_trainer.records import (
    Pair,
    RecordsError,
    make_pair,
    positive_text,
    published,
    read_codes,
    read_pairs,
    view_of,
    write_codes,
    write_pairs,
)


@settings(deadline=None)
@given(st.lists(st.tuples(st.text(), st.text()), max_size=5))
def test_codes_and_pairs_are_read_as_they_were_written(texts: list[tuple[str, str]]) -> None:
    codes = [a_code(text, bare=bare or text) for text, bare in texts]
    pairs = [make_pair(one, one.text, "commit", time=1.5) for one in codes]
    pairs += [make_pair(one, "q", "name", text="custom", custom="c" + one.text) for one in codes]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "records"
        assert write_codes(path, codes) == len(codes)
        assert list(read_codes(path)) == codes
        assert write_pairs(path, pairs) == len(pairs)
        assert list(read_pairs(path)) == pairs


def test_a_path_that_is_no_unicode_survives(tmp_path: Path) -> None:
    odd = a_code(path="caf\udce9.py")
    write_codes(tmp_path / "c", [odd])
    assert list(read_codes(tmp_path / "c")) == [odd]


def test_the_same_records_make_the_same_bytes(tmp_path: Path) -> None:
    write_codes(tmp_path / "one", [a_code()])
    write_codes(tmp_path / "two", [a_code()])
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_what_fails_half_way_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "codes.jsonl.gz"
    write_codes(path, [a_code()])

    def failing() -> object:
        yield a_code("other")
        raise OSError("no space left on device")

    with pytest.raises(OSError, match="no space"):
        write_codes(path, failing())  # type: ignore[arg-type]
    assert list(read_codes(path)) == [a_code()]
    assert [found.name for found in tmp_path.iterdir()] == [path.name]


def test_a_published_file_is_private(tmp_path: Path) -> None:
    with published(tmp_path / "x") as temporary:
        temporary.write_text("1")
    assert (tmp_path / "x").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("content", [b"", b"nonsense", b"\x1f\x8b\x08\0\0\0\0\0\0\0garbage"])
def test_a_damaged_file_is_an_error_that_says_what_to_do(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "codes"
    path.write_bytes(content)
    if content:
        with pytest.raises(RecordsError, match="delete it"):
            list(read_codes(path))
    with pytest.raises(RecordsError, match="cannot be read"):
        list(read_codes(tmp_path / "missing"))


def test_a_torn_file_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "codes"
    write_codes(path, [a_code(str(number)) for number in range(100)])
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(RecordsError):
        list(read_codes(path))


def test_records_of_another_kind_are_refused(tmp_path: Path) -> None:
    write_codes(tmp_path / "codes", [a_code()])
    with pytest.raises(RecordsError, match="no Pair"):
        list(read_pairs(tmp_path / "codes"))


def test_docstrings_are_sought_among_bare_codes_and_all_else_among_full_ones() -> None:
    documented = a_code("full", bare="bare")
    docstring = make_pair(documented, "q", "docstring", text="bare")
    name = make_pair(documented, "q", "name", text="custom", custom="hidden")
    commit = make_pair(documented, "q", "commit")
    assert [view_of(pair) for pair in (docstring, name, commit)] == ["bare", "full", "full"]
    assert [positive_text(pair, documented) for pair in (docstring, name, commit)] == ["bare", "hidden", "full"]


def test_a_pair_is_refused_where_its_text_is_not_what_it_says() -> None:
    with pytest.raises(ValueError, match="custom"):
        make_pair(a_code(), "q", "name", text="custom")
    with pytest.raises(ValueError, match="not that of the pair"):
        positive_text(make_pair(a_code(), "q", "commit"), a_code("other"))
    with pytest.raises(ValueError, match="source"):
        Pair(id="", query="", code="", source="dream", language="", workspace="", path="", text="full")  # type: ignore[arg-type]
