"""The report is one file that asks for nothing, tells both verdicts, and shows words of the code as words."""

from __future__ import annotations

import base64
import re
from dataclasses import replace
from pathlib import Path

from trainer.comparisons import a_comparison, as_served
from vizsla_trainer.evaluation.report import Story, report_html
from vizsla_trainer.evaluation.results import Comparison, SweepPoint, changes_by_source
from vizsla_trainer.stored import read_json, write_json


def a_story(*, is_offered: bool = True) -> Story:
    return Story(
        title="shop & co",
        is_offered=is_offered,
        verdict=("MRR went up",) if is_offered else ("only 6 queries were held out",),
        facts={"recipe": "quick", "device": "cpu"},
        counts={"mined": {"docstring": 1200, "commit": 80}},
        drops={"too few words": 30, "a URL": 4},
        drop_examples={"too few words": ["<script>alert(1)</script>", "fix"]},
        losses={"retriever": [2.0, 1.5, float("nan"), 1.2], "reranker": [1.0]},
        dev={"retriever": [(2, 0.5), (4, 0.6)], "reranker": []},
        found=a_comparison([2, 3, 1, 70, 9] * 8, [1, 1, 2, 50, 300] * 8, ["python", "go", "rust", "python", "c"] * 8),
    )


def test_every_picture_is_in_the_file_and_has_an_alternative_in_words() -> None:
    page = report_html(a_story())
    images = re.findall(r'<img alt="([^"]*)" src="data:image/png;base64,([^"]*)"', page)
    assert len(images) == 5
    for alt, data in images:
        assert len(alt) > 20
        assert base64.b64decode(data).startswith(b"\x89PNG")
    assert "http" not in re.sub(r"base64,[^\"]*", "", page)


def test_the_verdict_and_its_reasons_come_first() -> None:
    assert "The trained models are better.</strong> MRR went up." in report_html(a_story())
    assert "The models in use stay.</strong> Only 6 queries were held out." in report_html(a_story(is_offered=False))


def test_before_and_after_are_told_by_source_of_the_query_with_intervals() -> None:
    found = a_comparison([2, 4] * 20, [1, 4] * 20)  # commits and docstrings in turn
    changes = changes_by_source(found)
    assert str(changes["commit"]) == "0.500 to 1.000 (+0.500; +0.500 to +0.500) on 20 queries"
    assert str(changes["docstring"]) == "0.250 to 0.250 (+0.000; +0.000 to +0.000) on 20 queries"
    page = report_html(replace(a_story(), found=found))
    for what in ("both models", "retriever alone"):
        table = page.split(f"{what}, by language and source")[1].split("</table>")[0]
        assert "+0.500 (+0.500 to +0.500)" in table.split("commit")[1].split("</tr>")[0]
        assert "+0.000 (+0.000 to +0.000)" in table.split("docstring")[1].split("</tr>")[0]


def test_what_is_answered_is_told_beside_what_the_models_do_alone_and_is_what_counts() -> None:
    point = SweepPoint(retriever="after", reranker="after", depth=20, weight=0.25, mrr=0.711)
    found = as_served(a_comparison([2] * 40, [1] * 40), [4] * 30, [2] * 30, point, weight=0.25)
    page = report_html(replace(a_story(), found=found))
    rows = dict(re.findall(r"<tr><td>([a-z ]+, after)</td>.*?<td>([^<]*)</td></tr>", page))
    assert rows == {
        "retriever alone, after": "+0.500 (+0.500 to +0.500)",
        "both models alone, after": "+0.500 (+0.500 to +0.500)",
        "fused, after": "+0.250 (+0.250 to +0.250)",
        "answered, after": "+0.250 (+0.250 to +0.250)",
    }
    assert "MRR of what is answered went from 0.250 to 0.500" in page
    assert "Right code first: 0 queries before, 0 after, of 30" in page
    assert "reranker the trained one over the first 20 with weight 0.25" in page
    swept = page.split("answered, on dev: retriever")[1].split("</table>")[0]
    assert re.findall(r"<td[^>]*>([^<]*)</td>", swept) == ["after", "after", "20", "0.25", "0.711"]
    assert changes_by_source(found)["commit"].queries == 30


def test_words_out_of_code_are_shown_and_not_obeyed() -> None:
    page = report_html(a_story())
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "query &lt;1&gt;" in page
    assert "shop &amp; co" in page


def test_a_run_that_could_measure_nothing_has_a_report_too() -> None:
    page = report_html(Story(title="x", is_offered=False, verdict=("there is nothing to learn from",)))
    assert "There is nothing to learn from." in page
    assert "<img" not in page


def test_the_same_run_gives_the_same_page() -> None:
    assert report_html(a_story()) == report_html(a_story())


def test_a_comparison_is_stored_and_read_back_as_it_was(tmp_path: Path) -> None:
    alone, unread = a_comparison([2, 3], [1, 4]), a_comparison([2, 3], [1, 4], reranker="none")
    point = SweepPoint(retriever="after", reranker="none", depth=0, weight=0.0, mrr=0.5)
    for found in (alone, unread, as_served(alone, [3, 1], [2, 9], point)):
        write_json(tmp_path / "found.json", found)
        assert read_json(tmp_path / "found.json", Comparison) == found
