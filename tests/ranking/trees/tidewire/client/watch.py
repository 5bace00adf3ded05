import os
import time
from collections import defaultdict

QUIET = 0.3


def watch(root, pending, stop):
    """Put every file that changes below the root into the queue."""
    before = snapshot(root)
    bursts = defaultdict(float)
    while not stop.is_set():
        now = snapshot(root)
        for path in changed(before, now):
            bursts[path] = time.monotonic()
        for path in ripe(bursts, time.monotonic()):
            pending.put(path)
        before = now
        stop.wait(QUIET)


def snapshot(root):
    seen = {}
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if not is_noise(name)]
        for name in names:
            if is_noise(name):
                continue
            path = os.path.join(folder, name)
            try:
                info = os.stat(path)
            except FileNotFoundError:
                continue
            seen[path] = (info.st_mtime_ns, info.st_size)
    return seen


def changed(before, after):
    yield from (path for path, stamp in after.items() if before.get(path) != stamp)
    yield from (path for path in before if path not in after)


def ripe(bursts, now):
    """Those that were left alone for a while, so that a file is not sent while an editor still saves it."""
    done = [path for path, last in bursts.items() if now - last >= QUIET]
    for path in done:
        del bursts[path]
    return done


def is_noise(name):
    return name.startswith(".~") or name.endswith(("~", ".swp", ".part", ".crdownload"))
