"""A module is shown from the line on that was asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from vizsla.services.answers import SearchRequest
from vizsla.services.resources import Resources
from vizsla.services.searching import SearchService
from vizsla.services.upkeep import Upkeep
from vizsla.services.workspace import Workspace

FILES = {
    "limits.py": '"""MAX_RETRIES says how often."""\nimport os\n\nprint(os.environ)\nMAX_RETRIES = 3\nTIMEOUT: float = 2.5\n',
    "web.ts": 'import { x } from "./x";\n// PAGE_SIZE is what a page holds\nexport const PAGE_SIZE: number = 20;\n',
    "lib.rs": "//! [`FromRequest`] is all you need.\r\nmod a;\r\npub use core::{\r\n    FromParts,\r\n    FromRequest,\r\n};\r\n",
    "ring.c": "#include <a.h>\n#ifndef RING\n#define RING_SIZE 64\nstatic int ring[RING_SIZE];\n#endif\n",
    "settings.go": 'package settings\n\nimport "os"\n\nvar (\n\tDebug = false\n\tHome  = os.Getenv("HOME")\n)\n',
}


@pytest.mark.parametrize(
    ("question", "path", "line", "text"),
    [
        ("MAX_RETRIES", "limits.py", 4, "MAX_RETRIES = 3"),
        ("maxretries", "limits.py", 4, "MAX_RETRIES = 3"),
        ("where is `TIMEOUT` set", "limits.py", 5, "TIMEOUT: float = 2.5"),
        ("PAGE_SIZE", "web.ts", 2, "export const PAGE_SIZE: number = 20;"),
        ("FromRequest", "lib.rs", 4, "    FromRequest,"),
        ("RING_SIZE", "ring.c", 2, "#define RING_SIZE 64"),
        ("Debug", "settings.go", 5, "\tDebug = false"),
    ],
)
async def test_a_constant_is_found_where_it_is_defined(
    tmp_path: Path, resources: Resources, question: str, path: str, line: int, text: str
) -> None:
    root = tmp_path / "constants"
    root.mkdir()
    for name, written in FILES.items():
        (root / name).write_bytes(written.encode())
    with Workspace(root, resources) as workspace:
        Upkeep(workspace).run()
        service = SearchService(workspace)
        hit = (await service.search(SearchRequest(query=question))).hits[0]
        service.close()
    assert (hit.path, hit.range.start.line, hit.source.splitlines()[0]) == (path, line, text)


async def test_a_module_is_shown_whole_when_nothing_in_it_was_named(workspace: Workspace) -> None:
    (workspace.root / "limits.py").write_text(FILES["limits.py"])
    Upkeep(workspace).run()
    service = SearchService(workspace)
    hits = (await service.search(SearchRequest(query="how often is something tried"))).hits
    service.close()
    assert next(hit for hit in hits if hit.path == "limits.py").range.start.line == 0
