"""Records as mining would make them, for tests: the one place that builds a code by hand."""

from __future__ import annotations

from vizsla_trainer.records import Code, code_id


def a_code(
    text: str = "def f():\n    return 1",
    path: str = "a.py",
    workspace: str = "w",
    *,
    bare: str | None = None,
    doc: str = "",
    name: str = "f",
    language: str = "python",
) -> Code:
    """A function; ``bare`` is its text where nothing else is said."""
    return Code(
        id=code_id(workspace=workspace, path=path, text=text),
        workspace=workspace,
        path=path,
        name=name,
        qualified_name=name,
        kind="function",
        language=language,
        signature=f"def {name}()",
        doc=doc,
        text=text,
        bare=text if bare is None else bare,
    )
