"""What is read off a function's name and place."""

from __future__ import annotations

from dataclasses import replace

import pytest

from retrieval.candidate_builders import function
from vizsla.core.types import Kind
from vizsla.retrieval.query import Question
from vizsla.retrieval.signals import containers, signals_of

ASKED = Question.from_text("how are routes registered")


@pytest.mark.parametrize(
    "path",
    [
        "tests/a.py",
        "src/__tests__/a.ts",
        "pkg/a_test.go",
        "a.test.ts",
        "a.spec.js",
        "src/test/java/AppTest.java",
        "spec/a_spec.rb",
        "test_a.py",
        "conftest.py",
        "axum/src/routing/tests/merge.rs",
        "axum/src/test_helpers/client.rs",
    ],
)
def test_places_of_tests_are_known(path: str) -> None:
    assert signals_of(ASKED, function(1, "f", path=path)).is_test


@pytest.mark.parametrize(
    "path", ["src/testing_ground.py", "latest.py", "contest/a.go", "attestation/b.rs", "src/app.py"]
)
def test_other_places_are_not_taken_for_tests(path: str) -> None:
    assert not signals_of(ASKED, function(1, "f", path=path)).is_test


def test_who_asks_for_tests_gets_tests() -> None:
    assert not signals_of(Question.from_text("tests of routing"), function(1, "f", path="tests/a.py")).is_test


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("examples/hello.py", "example"),
        ("vendor/github.com/x/y.go", "vendored"),
        ("node_modules/a/b.js", "vendored"),
        ("api/v1_pb2.py", "generated"),
        ("api/v1.pb.go", "generated"),
    ],
)
def test_other_code_to_be_held_back_is_known(path: str, name: str) -> None:
    assert name in signals_of(ASKED, function(1, "f", path=path)).spoken


def test_a_name_agrees_by_its_stems() -> None:
    near = signals_of(ASKED, function(1, "Router.register_route")).name
    far = signals_of(ASKED, function(1, "Router.close")).name
    assert near == pytest.approx(1.0)
    assert far == 0.0


def test_a_part_of_a_name_agrees_in_part() -> None:
    assert 0.0 < signals_of(ASKED, function(1, "register_extension_point")).name < 1.0


def test_abbreviations_agree_with_their_words() -> None:
    question = Question.from_text("loading of the configuration")
    assert signals_of(question, function(1, "load_config")).name > 0.5


def test_words_of_the_path_are_counted() -> None:
    signals = signals_of(ASKED, function(1, "f", path="web/routes.py"))
    assert signals.path == pytest.approx(0.5)
    assert signals.file_name == 1.0


@pytest.mark.parametrize("name", ["tests.divides", "tests.Helper.new", "lexer_tests.skips", "outer.test.divides"])
def test_rusts_tests_are_known_below_the_code_that_they_test(name: str) -> None:
    code = replace(function(1, name, path="src/eval.rs"), language="rust")
    assert signals_of(ASKED, code).is_test
    assert not signals_of(ASKED, replace(code, language="python")).is_test
    assert not signals_of(ASKED, replace(code, qualified_name="contests.divides")).is_test


def test_the_definition_of_a_named_symbol_is_known() -> None:
    question = Question.from_text("getUserName")
    assert signals_of(question, function(1, "User.getUserName")).defines == 2
    assert 0 < signals_of(question, function(2, "User.get_user_name")).defines < 2
    assert not signals_of(question, function(3, "get_user")).defines


@pytest.mark.parametrize("written", ["MAX_RETRIES", "maxretries"])
def test_a_module_defines_what_its_signature_offers(written: str) -> None:
    module = replace(function(1, "settings", kind=Kind.MODULE), signature="settings: DEBUG, MAX_RETRIES")
    assert signals_of(Question.from_text(written), module).defines == 2
    assert signals_of(Question.from_text(f"who reads `{written}`"), module).defines == 1
    assert not signals_of(Question.from_text("settings"), module).defines
    assert not signals_of(Question.from_text(written), replace(module, kind=Kind.WINDOW)).defines


def test_re_exports_are_known_unless_they_are_documented() -> None:
    lobby = function(1, "flask", path="src/flask/__init__.py", kind=Kind.MODULE)
    documented = function(1, "flask", path="src/flask/__init__.py", kind=Kind.MODULE, doc="All about it.")
    assert signals_of(ASKED, lobby).is_lobby
    assert not signals_of(ASKED, documented).is_lobby


def test_a_type_stands_back_where_a_member_was_found_too_unless_it_is_named() -> None:
    router = function(1, "Router", path="web/routes.py", kind=Kind.CLASS)
    member = function(2, "Router.add_url_rule", path="web/routes.py", kind=Kind.METHOD)
    elsewhere = function(3, "Router.add_url_rule", path="other/routes.py", kind=Kind.METHOD)
    assert signals_of(ASKED, router, containers([router, member])).is_outline
    assert not signals_of(ASKED, router, containers([router, elsewhere])).is_outline
    assert not signals_of(Question.from_text("`Router`"), router, containers([router, member])).is_outline
    assert not signals_of(
        ASKED, member, containers([router, member, function(4, "Router.add_url_rule.inner")])
    ).is_outline
