"""The configurations in docs/editors.md, so that what the tests run is what users are told to write."""

from __future__ import annotations

from pathlib import Path

MANUAL = Path(__file__).parents[2] / "docs" / "editors.md"


def configuration(heading: str, language: str) -> str:
    """The one block of a language below a heading, such as ``"### eglot"``, up to the next heading of any depth."""
    text = MANUAL.read_text(encoding="utf-8")
    assert text.count(f"\n{heading}\n") == 1, f"docs/editors.md has no heading {heading!r}"
    section: list[str] = []
    blocks: list[str] = []
    is_inside = is_ours = False
    for line in text.split(f"\n{heading}\n")[1].splitlines():
        if line.startswith("```"):
            if is_inside and is_ours:
                blocks.append("\n".join(section) + "\n")
            is_inside, is_ours, section = not is_inside, line == f"```{language}", []
        elif is_inside:
            section.append(line)
        elif line.startswith("#"):
            break
    assert len(blocks) == 1, f"there are {len(blocks)} blocks of {language} below {heading!r} in docs/editors.md"
    return blocks[0]
