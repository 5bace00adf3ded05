"""Whatever is done to a store, it equals a plain dictionary, and a store that was built in one go."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from index.builders import change
from vizsla.core.types import ContentHash, FunctionKey
from vizsla.index.records import FileChange
from vizsla.index.store import Store

paths = st.sampled_from(["a.py", "b.py", "src/c.py", "src/deep/d.py"])
functions = st.lists(
    st.tuples(st.sampled_from(["load", "save", "parse_all"]), st.sampled_from(["pass", "return load", "x = 1"])),
    max_size=5,
)


class StoreMachine(RuleBasedStateMachine):
    """Changes a store and a dictionary alike."""

    @initialize()
    def begin(self) -> None:
        self.directory = Path(tempfile.mkdtemp())
        self.store = Store.open(self.directory / "workspace")
        self.files: dict[str, FileChange] = {}
        self.settled: set[ContentHash] = set()
        self.alive: dict[FunctionKey, ContentHash] = {}
        self.ever: set[FunctionKey] = set()

    def teardown(self) -> None:
        self.store.close()
        shutil.rmtree(self.directory)

    @rule(made=st.dictionaries(paths, functions, min_size=1, max_size=3))
    def replace(self, made: dict[str, list[tuple[str, str]]]) -> None:
        changes = [change(path, *found) for path, found in made.items()]
        before = self.store.generation
        known = set(self.alive.values())
        deltas = self.store.replace_files(changes)
        for delta in deltas:
            for key in delta.removed:
                del self.alive[key]
            for key, content_hash in delta.added:
                assert key not in self.ever
                self.ever.add(key)
                self.alive[key] = content_hash
        changed = any(delta.added or delta.moved or delta.removed for delta in deltas)
        assert (self.store.generation > before) == changed
        self.files.update((file.record.path, file) for file in changes)
        # Contents that all functions lost must be encoded again when they come back.
        self.settled &= known & set(self.alive.values())

    @rule(gone=st.sets(paths, min_size=1, max_size=2))
    def remove(self, gone: set[str]) -> None:
        for key in self.store.remove_files(gone):
            del self.alive[key]
        for path in gone:
            self.files.pop(path, None)
        self.settled &= set(self.alive.values())

    @rule(old=paths, new=paths)
    def rename(self, old: str, new: str) -> None:
        for key in self.store.rename_files({old: new}):
            del self.alive[key]
        if old in self.files and old != new:
            moved = self.files.pop(old)
            renamed = change(new)
            record = type(moved.record)(
                **{name: getattr(moved.record, name) for name in moved.record.__slots__ if name != "path"}, path=new
            )
            self.files[new] = type(renamed)(record=record, entries=moved.entries)
        self.settled &= set(self.alive.values())

    @rule(count=st.integers(min_value=1, max_value=4))
    def settle(self, count: int) -> None:
        done = [content_hash for content_hash, _ in self.store.pending(count)]
        self.store.settle(done)
        self.settled.update(done)

    @rule()
    def reopen(self) -> None:
        self.store.close()
        self.store = Store.open(self.directory / "workspace")
        assert self.store.repairs == []

    @rule()
    def tidy(self) -> None:
        self.store.tidy()

    @invariant()
    def equals_the_dictionary(self) -> None:
        assert self.store.files() == {path: file.record for path, file in self.files.items()}
        for path, file in self.files.items():
            found = [(f.name, f.span, f.content_hash, f.path) for f in self.store.functions_of(path)]
            made = [(e.function.name, e.function.span, e.content_hash, path) for e in file.entries]
            assert found == made
        keys, hashes = self.store.all_keys_and_hashes()
        assert dict(zip(keys.tolist(), hashes, strict=True)) == self.alive
        waiting = {content_hash for content_hash, _ in self.store.pending(1000)}
        # A content that no function had for a moment may wait again; nothing that lacks a vector is forgotten.
        contents = set(self.alive.values())
        assert contents - self.settled <= waiting <= contents
        self.settled -= waiting

    @invariant()
    def finds_what_a_fresh_store_finds(self) -> None:
        fresh = Store.in_memory()
        fresh.replace_files(list(self.files.values()))
        for words in (["load"], ["parse", "src", "x"]):
            assert self._found(self.store, words) == self._found(fresh, words)
        assert self.store.corpus(["load", "pass"]).frequencies == fresh.corpus(["load", "pass"]).frequencies
        fresh.close()

    @staticmethod
    def _found(store: Store, words: list[str]) -> dict[tuple[str, int], float]:
        found = {match.key: match.score for match in store.search_words(words, 100)}
        return {(f.path, f.span.start): found[key] for key, f in store.functions(found).items()}


StoreMachine.TestCase.settings = settings(
    max_examples=20, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck)
)
test_a_store_equals_a_dictionary_whatever_is_done = StoreMachine.TestCase
