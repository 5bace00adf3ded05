"""Two sides changed the same file: who wins, and where the other copy goes."""

import difflib
import socket


def pick_winner(mine, theirs, base):
    """Which of two versions stays under the name of the file.

    A side that did not change loses. Otherwise the later one wins; at the same time, the greater hash, so that
    every machine decides alike.
    """
    if mine.sha256 == base.sha256:
        return theirs
    if theirs.sha256 == base.sha256:
        return mine
    return max(mine, theirs, key=lambda version: (version.saved_at, version.sha256))


def side_name(path, version):
    stamp = version.saved_at.strftime("%Y-%m-%d %H.%M")
    return path.with_name(f"{path.stem} ({socket.gethostname()}'s copy {stamp}){path.suffix}")


def resolve(path, mine, theirs, base, files):
    """Settle a conflict: merge text where that is possible, else keep both."""
    if all(version.is_text for version in (mine, theirs, base)):
        merged = weave(base.lines, mine.lines, theirs.lines)
        if merged is not None:
            files.write(path, merged)
            return [path]
    winner = pick_winner(mine, theirs, base)
    loser = theirs if winner is mine else mine
    kept = side_name(path, loser)
    files.write(kept, loser.content)
    files.write(path, winner.content)
    return [path, kept]


def weave(base, mine, theirs):
    edits = sorted(_edits(base, mine) + _edits(base, theirs))
    out, at = [], 0
    for (start, end, text), following in zip(edits, [*edits[1:], (len(base) + 1, 0, [])]):
        if end > following[0] and following[2] != text:
            return None
        if start < at:
            continue
        out += base[at:start] + text
        at = end
    return out + base[at:]


def _edits(base, other):
    matcher = difflib.SequenceMatcher(None, base, other, autojunk=False)
    return [(i, j, other[k:m]) for tag, i, j, k, m in matcher.get_opcodes() if tag != "equal"]
