"""Parts (b) and (f): from the start of a process to its answer, on a workspace never seen and on one seen before."""

from __future__ import annotations

from pathlib import Path

from benchmarks.commands import fresh_cache, settings, vizsla
from benchmarks.figures import Figure, median

from vizsla.services.resources import Resources

QUERY = "where are session cookies signed"
TIMES, QUICK_TIMES = 5, 2
VERSIONS = 15


def measure_answers(root: Path, cache: Path, *, quick: bool) -> list[Figure]:
    """Ask ``root`` once unseen and once seen, several times each.

    Args:
        root: the tree.
        cache: where its finished index is.
        quick: fewer times.
    """
    times = QUICK_TIMES if quick else TIMES
    unseen, hits, semantic = [], [], 0
    for _ in range(times):
        ran = vizsla(["search", "--now", "--json", QUERY, root], fresh_cache("never-seen"))
        unseen.append(ran.seconds)
        semantic += bool(ran.data["semantic"])
        hits.append(ran.data["hits"][0]["qualified_name"] if ran.data["hits"] else "nothing")
    before = _vectors(cache)
    seen, best = [], set()
    for _ in range(times):
        ran = vizsla(["search", "--json", QUERY, root], cache)
        seen.append(ran.seconds)
        best.add(ran.data["hits"][0]["qualified_name"])
        if ran.data["partial"] or not ran.data["semantic"]:
            raise SystemExit(f"the index in {cache} is not complete: {ran.data['notes']}")
    encoded = _vectors(cache) - before
    return [
        Figure(
            part="b",
            name="first answer, workspace never seen",
            measured=median(unseen),
            unit="s",
            at_most=3,
            note=f"`vizsla search --now`; semantic in {semantic} of {times}; first hit {', '.join(sorted(set(hits)))}",
            samples=unseen,
        ),
        Figure(
            part="b",
            name="answer, workspace seen before",
            measured=median(seen),
            unit="s",
            at_most=1,
            note=f"`vizsla search`, whole process; first hit {', '.join(sorted(best))}",
            samples=seen,
        ),
        Figure(part="b", name="texts encoded for it", measured=encoded, unit="texts", at_most=0),
    ]


def measure_version(cache: Path) -> list[Figure]:
    """Start the command to print its version."""
    vizsla(["--version"], cache)
    samples = [1000 * vizsla(["--version"], cache).seconds for _ in range(VERSIONS)]
    return [
        Figure(part="f", name="vizsla --version", measured=median(samples), unit="ms", at_most=150, samples=samples)
    ]


def _vectors(cache: Path) -> int:
    """How many texts have a vector in a cache."""
    with Resources(settings(cache)) as resources:
        assert resources.models is not None
        return resources.embeddings.count(resources.models.fingerprint)
