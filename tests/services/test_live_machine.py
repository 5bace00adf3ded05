"""Whatever happens on the disk, in the editor and to the server: at rest, index == disk ⊕ open buffers."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from services.git_trees import make_repository
from services.live_tree import Text, Tree, visible_through
from services.roots_at import Heard, asked, settle
from services.trees import borrow
from vizsla.services.engine import WatchBy
from vizsla.services.resources import Resources
from vizsla.services.roots import Roots

EXAMPLES = int(os.environ.get("VIZSLA_LIVE_EXAMPLES", "20"))
"""More of them are for a change of the services: each takes some seconds."""

PATHS = ("a.py", "b.py", "lib/a.py", "lib/deep/c.py", "src/b.py", "inner/a.py", "inner/sub/c.py", "inner/sub/d.py")
FOLDERS = ("lib", "src", "lib/deep", "inner/sub", "moved", "../aside")
IGNORING = {
    ".gitignore": ("", "/a.py\n", "/lib/\n", "c.py\n", "/src/b.py\n/inner/sub/\n"),
    ".vizslaignore": ("", "/b.py\n", "/lib/deep/\n"),
    "inner/.gitignore": ("", "/a.py\n", "d.py\n"),
}

paths = st.sampled_from(PATHS)
counts = st.integers(0, 3)


class LiveMachine(RuleBasedStateMachine):
    """Does things to a real tree, in an editor, and to the server that follows both. What cannot be done is not."""

    lender: Resources

    @initialize(
        files=st.dictionaries(paths, counts, max_size=5),
        with_inner=st.booleans(),
        watch=st.sampled_from(["own", "own", "client"]),
    )
    def begin(self, files: dict[str, int], with_inner: bool, watch: WatchBy) -> None:
        self.watch: WatchBy = watch
        self.place = Path(tempfile.mkdtemp()).resolve()
        self.top = make_repository(self.place / "root")
        (self.top / "inner").mkdir()
        self.tree = Tree()
        self.roots_added = [self.top]
        self.abandoned: list[Roots] = []
        for path, count in files.items():
            self.write(path, count, by_rename=False)
        self.start()
        if with_inner:
            self.add_inner()

    def teardown(self) -> None:
        if hasattr(self, "roots"):
            try:
                self.compare()
            finally:
                for roots in (self.roots, *self.abandoned):
                    roots.close(10.0)
                shutil.rmtree(self.place)

    # The disk

    @rule(path=paths, count=counts, by_rename=st.booleans())
    def write(self, path: str, count: int, by_rename: bool) -> None:
        self.put(path, self.tree.new_text(count), by_rename)

    @rule(path=paths)
    def delete(self, path: str) -> None:
        if path not in self.tree.disk:
            return
        (self.top / path).unlink()
        self.forget(self.tree.disk.pop(path))
        self.hint(path)

    @rule(source=paths, to=paths)
    def rename(self, source: str, to: str) -> None:
        if source not in self.tree.disk or source == to:
            return
        (self.top / to).parent.mkdir(parents=True, exist_ok=True)
        (self.top / source).replace(self.top / to)
        self.forget(self.tree.disk.get(to, Text(())))
        self.tree.disk[to] = self.tree.disk.pop(source)
        self.hint(source, to)

    @rule(source=st.sampled_from(FOLDERS), to=st.sampled_from(FOLDERS))
    def move_folder(self, source: str, to: str) -> None:
        before, after = self.top / source, self.top / to
        if not before.is_dir() or after.exists() or after.is_relative_to(before):
            return
        after.parent.mkdir(parents=True, exist_ok=True)
        before.rename(after)
        for path in [path for path in self.tree.disk if path.startswith(source + "/")]:
            self.tree.disk[to + path.removeprefix(source)] = self.tree.disk.pop(path)
        self.hint(source, to)

    @rule(source=st.sampled_from(FOLDERS))
    def delete_folder(self, source: str) -> None:
        if not (self.top / source).is_dir():
            return
        shutil.rmtree(self.top / source)
        for path in [path for path in self.tree.disk if path.startswith(source + "/")]:
            self.forget(self.tree.disk.pop(path))
        self.hint(source)

    @rule(chosen=st.sampled_from([(file, text) for file, texts in IGNORING.items() for text in texts]))
    def ignore(self, chosen: tuple[str, str]) -> None:
        file, text = chosen
        if text:
            (self.top / file).write_text(text)
        else:
            (self.top / file).unlink(missing_ok=True)
        self.tree.ignore_files[file] = text
        self.hint(file)

    # The editor

    @rule(path=paths, count=counts)
    def open_and_change(self, path: str, count: int) -> None:
        self.tree.buffers.setdefault(path, self.tree.disk.get(path, Text(())))
        self.tell(path)
        self.forget(self.tree.buffers[path])
        self.tree.buffers[path] = self.tree.new_text(count)
        self.tell(path)

    @rule(path=paths)
    def open(self, path: str) -> None:
        if path in self.tree.buffers:
            return
        self.tree.buffers[path] = self.tree.disk.get(path, Text(()))
        self.tell(path)

    @precondition(lambda self: self.tree.buffers)
    @rule(data=st.data(), by_rename=st.booleans())
    def save(self, data: st.DataObject, by_rename: bool) -> None:
        path = data.draw(st.sampled_from(sorted(self.tree.buffers)))
        self.put(path, self.tree.buffers[path], by_rename)
        self.roots.changed([self.top / path])

    @precondition(lambda self: self.tree.buffers)
    @rule(data=st.data())
    def close(self, data: st.DataObject) -> None:
        path = data.draw(st.sampled_from(sorted(self.tree.buffers)))
        self.forget(self.tree.buffers.pop(path))
        self.roots.close_buffer(self.top / path)

    # The server

    @precondition(lambda self: len(self.roots_added) == 1)
    @rule()
    def add_inner(self) -> None:
        (self.top / "inner").mkdir(exist_ok=True)
        self.roots_added.append(self.top / "inner")
        self.roots.add(self.top / "inner")

    @precondition(lambda self: len(self.roots_added) == 2)
    @rule()
    def remove_inner(self) -> None:
        self.roots_added.pop()
        self.roots.remove(self.top / "inner")

    @rule()
    def restart(self) -> None:
        self.roots.close(10.0)
        self.start()

    @rule()
    def kill(self) -> None:
        """Nothing is saved and nothing is closed; the system frees the lock, and the next process comes."""
        for root in self.roots.all():
            assert root.engine is not None
            if root.engine.watcher is not None:
                root.engine.watcher.close()
            root.engine.schedule.close(5.0)
            assert root.workspace is not None
            assert root.workspace._writer_lock is not None
            root.workspace._writer_lock.release()
        self.abandoned.append(self.roots)
        self.start()

    @rule()
    def rebuild(self) -> None:
        self.roots.rebuild()

    @rule()
    def clear(self) -> None:
        self.roots.clear()
        self.roots.resume()

    @rule()
    def compare(self) -> None:
        """At rest, what can be found is what is on the disk and in the editor."""
        settle(self.roots)
        assert visible_through(self.roots, self.top) == self.tree.visible()
        for status in self.roots.statuses():
            assert status.index is not None
            assert status.schedule is not None
            assert (status.problem, status.watcher_problem, status.schedule.problem) == ("", "", "")
            assert (status.schedule.activity, status.index.pending, status.index.unread) == ("ready", 0, 0)
        asyncio.run(self.search())

    async def search(self) -> None:
        places = self.tree.places()
        for marker in [*places, *self.tree.forgotten[-5:]]:
            answer = await asked(self.roots, f"about {marker}")
            assert not answer.is_partial
            having = [hit for hit in answer.hits if marker in hit.source]
            found = {(hit.root / hit.path).relative_to(self.top).as_posix() for hit in having}
            assert found <= places.get(marker, set())
            if marker in places:
                first = answer.hits[0]
                assert first in having
                assert f"do_{marker}" == first.name
                assert (first.root == self.top / "inner") == (
                    len(self.roots_added) == 2 and (first.root / first.path).is_relative_to(self.top / "inner")
                )

    def start(self) -> None:
        """A new server, and an editor that opens in it what it has open."""
        self.roots = Roots(borrow(self.lender, self.place / "cache"), listener=Heard(), watch=self.watch)
        buffers = sorted(self.tree.buffers)
        for path in buffers[::2]:
            self.tell(path)
        for folder in self.roots_added:
            folder.mkdir(exist_ok=True)
            self.roots.add(folder)
        for path in buffers[1::2]:
            self.tell(path)

    def tell(self, path: str) -> None:
        """The editor shows a buffer to the server."""
        self.roots.open_buffer(self.top / path, self.tree.buffers[path].source(), 1)

    def put(self, path: str, text: Text, by_rename: bool) -> None:
        """Write a file as one editor or another does."""
        file = self.top / path
        file.parent.mkdir(parents=True, exist_ok=True)
        if by_rename:
            new = file.with_name(f"{file.name}.new~")
            new.write_text(text.source())
            new.replace(file)
        else:
            file.write_text(text.source())
        self.forget(self.tree.disk.get(path, Text(())))
        self.tree.disk[path] = text
        self.hint(path)

    def hint(self, *paths: str) -> None:
        """A client that watches the disk tells the server."""
        if self.watch == "client" and hasattr(self, "roots"):
            self.roots.changed(Path(os.path.normpath(self.top / path)) for path in paths)

    def forget(self, text: Text) -> None:
        """These may be nowhere now; whoever looks asks what is visible first."""
        self.tree.forgotten.extend(text.markers)


@pytest.fixture
def machine(resources: Resources) -> Iterator[type[LiveMachine]]:
    """The machine with the children of this session."""

    class Machine(LiveMachine):
        lender = resources

    yield Machine


def test_at_rest_the_index_is_what_is_on_the_disk_and_in_the_editor(machine: type[LiveMachine]) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=15 if EXAMPLES <= 20 else 30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
            phases=[Phase.generate],  # each example takes long, so shrinking one would take minutes
            derandomize=EXAMPLES <= 20,
        ),
    )
