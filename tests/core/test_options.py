"""Options become settings, wrong ones are named and leave their default, a workspace may set only what is harmless."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as tries
from hypothesis import strategies as st

from vizsla.core.options import WORKSPACE_MAY_SET, load_settings, settings_from
from vizsla.core.settings import CacheSettings, IndexSettings, ModelSettings, SearchSettings, Settings


def test_options_change_only_what_they_name() -> None:
    settings, refused = settings_from({"search": {"limit": 5}, "index": {"exclude": ["*.gen.py"]}})
    assert refused == []
    assert settings == dataclasses.replace(
        Settings(), search=SearchSettings(limit=5), index=IndexSettings(exclude=("*.gen.py",))
    )


def test_a_setting_that_nobody_need_make_is_made_by_its_value() -> None:
    assert Settings().search.rerank_depth is None
    assert settings_from({"search": {"rerank_depth": 5}})[0].search.rerank_depth == 5
    settings, (refused,) = settings_from({"search": {"rerank_depth": "many"}})
    assert settings == Settings()
    assert "must be a whole number" in refused


def test_later_options_stand_upon_earlier_ones() -> None:
    base, _ = settings_from({"search": {"limit": 5}})
    settings, _ = settings_from({"search": {"candidates": 50}}, base=base)
    assert (settings.search.limit, settings.search.candidates) == (5, 50)


@pytest.mark.parametrize("order", [("rerank_depth", "candidates"), ("candidates", "rerank_depth")])
def test_options_that_are_right_together_are_right_in_any_order(order: tuple[str, str]) -> None:
    values = {"rerank_depth": 150, "candidates": 200}
    settings, refused = settings_from({"search": {name: values[name] for name in order}})
    assert refused == []
    assert (settings.search.rerank_depth, settings.search.candidates) == (150, 200)
    _, (one,) = settings_from({"search": {name: {**values, "candidates": 120}[name] for name in order}})
    assert one.startswith("search.rerank_depth: need 0 <= rerank_depth <= candidates, got 150")


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        ({"serach": {}}, "serach: no such section of settings, use one of cache, feedback, index, models, search"),
        ({"search": 3}, "search: no such section"),
        ({"search": {"limits": 3}}, "search.limits: no such setting"),
        ({"search": {"limit": "5"}}, "search.limit: must be a whole number, got '5'; keeping 10"),
        ({"search": {"limit": True}}, "search.limit: must be a whole number, got True; keeping 10"),
        ({"search": {"limit": 5.5}}, "search.limit: must be a whole number, got 5.5; keeping 10"),
        ({"search": {"limit": None}}, "search.limit: must be a whole number, got None; keeping 10"),
        ({"search": {"limit": 0}}, "search.limit: limit must be 1 to 200, got 0; keeping 10"),
        (
            {"search": {"rerank_seconds": float("nan")}},
            "search.rerank_seconds: must be a number, got nan; keeping 0.15",
        ),
        ({"search": {"rerank_seconds": 10**400}}, "search.rerank_seconds: "),
        ({"index": {"text_windows": 1}}, "index.text_windows: must be true or false, got 1; keeping False"),
        ({"index": {"exclude": "*.py"}}, "index.exclude: must be a list of texts, got '*.py'; keeping ()"),
        ({"index": {"exclude": [1]}}, "index.exclude: must be a list of texts, got [1]; keeping ()"),
        (
            {"models": {"device": "gpu"}},
            "models.device: must be one of auto, cpu, cuda, mps, got 'gpu'; keeping 'auto'",
        ),
        ({"models": {"retriever": ["x"]}}, "models.retriever: must be a text, got ['x']; keeping 'default'"),
        ({"cache": {"directory": 7}}, "cache.directory: must be a path, got 7; keeping "),
        ({"cache": {"directory": "~nobody-of-that-name/x"}}, "cache.directory: "),
    ],
)
def test_a_wrong_option_is_named_and_its_default_kept(raw: dict[str, object], sentence: str) -> None:
    settings, refused = settings_from(raw)
    assert settings == Settings()
    (told,) = refused
    assert told.startswith(sentence)
    assert len(told) < 300


def test_right_options_hold_beside_wrong_ones() -> None:
    settings, refused = settings_from({"search": {"limit": "x", "candidates": 70}, "nonsense": {}})
    assert settings.search == SearchSettings(candidates=70)
    assert len(refused) == 2


def test_a_whole_number_serves_as_a_number_and_a_path_is_made_absolute(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/somebody")
    settings, refused = settings_from({"search": {"rerank_seconds": 1}, "cache": {"directory": "~/x"}})
    assert refused == []
    assert settings.search.rerank_seconds == 1.0
    assert settings.cache.directory == Path("/home/somebody/x")


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text("ab~/.\0\né", max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab~/.\0\né", max_size=5), inner, max_size=3),
    max_leaves=5,
)
_names = [f"{section.name}.{name.name}" for section in dataclasses.fields(Settings) for name in dataclasses.fields(getattr(Settings(), section.name))]  # fmt: skip


@tries(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(options=st.dictionaries(st.sampled_from(_names), _json, max_size=6))
def test_whatever_a_client_sends_the_settings_are_whole(options: dict[str, object]) -> None:
    raw: dict[str, dict[str, object]] = {}
    for dotted, value in options.items():
        section, name = dotted.split(".")
        raw.setdefault(section, {})[name] = value
    settings, refused = settings_from(raw)
    assert len(refused) <= len(options)
    assert all("\n" not in sentence for sentence in refused)
    for field in dataclasses.fields(Settings):
        dataclasses.replace(getattr(settings, field.name))  # its own checks run again


def test_a_workspace_may_not_choose_models_devices_or_directories() -> None:
    for dotted in set(_names) - WORKSPACE_MAY_SET:
        section, name = dotted.split(".")
        settings, refused = settings_from({section: {name: "x"}}, allowed=WORKSPACE_MAY_SET)
        assert settings == Settings()
        assert refused == [f"{dotted}: may not be set by the workspace; set it in your own settings"]


@pytest.fixture
def user_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's settings file of this test; it does not exist yet."""
    file = tmp_path / "user.toml"
    monkeypatch.setenv("VIZSLA_CONFIG", str(file))
    monkeypatch.delenv("VIZSLA_CACHE_DIR", raising=False)
    return file


def test_without_files_the_defaults_hold(user_file: Path, tmp_path: Path) -> None:
    assert load_settings(tmp_path) == (Settings(), [])


def test_the_workspace_has_its_say_after_the_user(user_file: Path, tmp_path: Path) -> None:
    user_file.write_text('[index]\ntext_windows = true\nexclude = ["a"]\n[models]\ndevice = "cpu"\n')
    (tmp_path / ".vizsla.toml").write_text('[index]\nexclude = ["b"]\n[models]\nretriever = "./evil"\n')
    settings, refused = load_settings(tmp_path)
    assert settings.index == IndexSettings(text_windows=True, exclude=("b",))
    assert settings.models == ModelSettings(device="cpu")
    assert refused == [
        f"{tmp_path}/.vizsla.toml: models.retriever: may not be set by the workspace; set it in your own settings"
    ]


def test_the_environment_moves_the_cache(user_file: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    user_file.write_text('[cache]\ndirectory = "/elsewhere"\n')
    assert load_settings()[0].cache == CacheSettings(directory=Path("/elsewhere"))
    monkeypatch.setenv("VIZSLA_CACHE_DIR", str(tmp_path / "here"))
    assert load_settings()[0].cache == CacheSettings(directory=tmp_path / "here")


@pytest.mark.parametrize("content", [b"[index", b"\xff\xfe", b"a = " + b"[" * 100_000, b"x = 1\nx = 2\n"])
def test_a_broken_file_is_named_and_ignored(user_file: Path, tmp_path: Path, content: bytes) -> None:
    (tmp_path / ".vizsla.toml").write_bytes(content)
    settings, refused = load_settings(tmp_path)
    assert settings == Settings()
    (told,) = refused
    assert told.startswith(f"{tmp_path}/.vizsla.toml: ")


def test_a_settings_file_of_a_workspace_that_is_no_file_is_not_waited_for(user_file: Path, tmp_path: Path) -> None:
    places = [tmp_path / name for name in ("pipe", "zero", "folder", "huge")]
    for place in places:
        place.mkdir()
    os.mkfifo(places[0] / ".vizsla.toml")
    (places[1] / ".vizsla.toml").symlink_to("/dev/zero")
    (places[2] / ".vizsla.toml").mkdir()
    with (places[3] / ".vizsla.toml").open("wb") as stream:
        stream.truncate(1 << 40)
    for place in places:
        settings, refused = load_settings(place)
        assert settings == Settings()
        assert len(refused) == 1


def test_a_number_of_too_many_digits_is_refused_with_its_file(tmp_path: Path) -> None:
    (tmp_path / ".vizsla.toml").write_text(f"a = {'1' * 5_000}\n")
    settings, refused = load_settings(tmp_path)
    assert settings.search == SearchSettings()
    assert any(".vizsla.toml: cannot be read as TOML" in sentence for sentence in refused)
