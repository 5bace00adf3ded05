"""The command line."""

import argparse
import pathlib
import sys
import threading

from client.config import load
from client.pending import Pending
from client.transfer import TransferError, push, resume
from client.watch import watch


def main(argv=None):
    parser = argparse.ArgumentParser(prog="tidewire")
    parser.add_argument("--config", type=pathlib.Path, default=pathlib.Path("~/.config/tidewire.toml"))
    commands = parser.add_subparsers(dest="command", required=True)
    sync = commands.add_parser("sync", help="upload what changed, then end")
    sync.add_argument("--dry-run", action="store_true")
    commands.add_parser("run", help="watch the folder and upload what changes")
    history = commands.add_parser("history", help="show the versions of a file")
    history.add_argument("path", type=pathlib.Path)
    restore = commands.add_parser("restore", help="bring back an older version")
    restore.add_argument("path", type=pathlib.Path)
    restore.add_argument("version", type=int)
    arguments = parser.parse_args(argv)
    try:
        config = load(arguments.config.expanduser())
    except ValueError as error:
        print(f"tidewire: {error}", file=sys.stderr)
        return 2
    api = connect(config)
    root = pathlib.Path(config.root).expanduser()
    pending = Pending(root / ".tidewire" / "pending.json")
    pending.restore()
    if arguments.command == "sync":
        failed = 0
        for path in sorted(root.rglob("*")):
            if not path.is_file():
                continue
            if arguments.dry_run:
                print(f"would upload {path}")
                continue
            try:
                version = push(api, path)
                print(f"uploaded {path} as version {version}")
            except TransferError as error:
                failed += 1
                print(f"failed {path}: {error}", file=sys.stderr)
            except ConnectionError:
                print("the server cannot be reached; the rest waits for the next time", file=sys.stderr)
                pending.put(path)
        return 1 if failed else 0
    if arguments.command == "run":
        stop = threading.Event()
        watcher = threading.Thread(target=watch, args=(root, pending, stop), daemon=True)
        watcher.start()
        try:
            while True:
                path = pending.take(timeout=60)
                if path is not None:
                    sync_once(api, pathlib.Path(path), pending)
        except KeyboardInterrupt:
            stop.set()
            pending.close()
            watcher.join()
        return 0
    if arguments.command == "history":
        for version in api.get(f"/files/{arguments.path}/versions"):
            print(f"{version['number']:>5}  {version['saved_at']}  {version['size']:>12}")
        return 0
    api.post(f"/files/{arguments.path}/restore", {"version": arguments.version})
    return 0


def sync_once(api, path, pending, tickets={}):
    try:
        if path in tickets:
            resume(api, path, tickets.pop(path))
        else:
            push(api, path)
    except ConnectionError as error:
        tickets[path] = getattr(error, "ticket", None)
        pending.give_back(str(path), failures=1)


def connect(config):
    from client.http import Api

    return Api(config.server, token=config.token)
