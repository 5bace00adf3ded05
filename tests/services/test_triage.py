"""Files that say the question's words are parsed first."""

from __future__ import annotations

from pathlib import Path

from vizsla.core.settings import IndexSettings
from vizsla.services.discovery import scan
from vizsla.services.triage import by_words


def test_files_that_say_the_words_come_first(shop: Path) -> None:
    files = list(scan(shop, IndexSettings(), cancelled=lambda: False))
    ordered = by_words(shop, ("retried", "uploads"))(files)
    assert ordered[0].path == "shop/uploads.py"
    assert sorted(file.path for file in ordered) == sorted(file.path for file in files)


def test_a_question_of_short_words_keeps_the_order(shop: Path) -> None:
    files = list(scan(shop, IndexSettings(), cancelled=lambda: False))
    assert by_words(shop, ("a", "of"))(files) == files
