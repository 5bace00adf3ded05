"""Emacs with the configurations of docs/editors.md, in batch mode: questions by eglot and by lsp-mode.

``emacs/asking.el`` holds the tests proper; both clients have to pass the same ones.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from editors.conftest import EDITORS
from editors.manual import configuration

ASKING = Path(__file__).parent / "emacs" / "asking.el"

# Emacs as it was unpacked has no compiler to make itself faster with, and machines under test may be slow.
PLAIN = (
    "(setq native-comp-jit-compilation nil native-comp-enable-subr-trampolines nil"
    " eglot-connect-timeout 240 eglot-sync-connect t lsp-response-timeout 60)"
)
# What is shown around a buffer lies in files that Debian's installation would have made known.
BARE_LSP = (
    "(setq lsp-auto-configure nil lsp-lens-enable nil lsp-headerline-breadcrumb-enable nil lsp-enable-snippet nil"
    ' lsp-modeline-workspace-status-enable nil lsp-session-file (expand-file-name "~/lsp-session"))'
)
# A user does this by a hook or by M-x, neither of which there is in batch mode.
START_EGLOT = "(progn (find-file \"shop/cart.py\") (require 'eglot) (apply #'eglot (eglot--guess-contact)))"
START_LSP = (
    '(progn (require \'lsp-mode) (lsp-workspace-folders-add default-directory) (find-file "shop/cart.py") (lsp))'
)


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize(
    ("heading", "before", "start"), [("### eglot", "t", START_EGLOT), ("### lsp-mode", BARE_LSP, START_LSP)]
)
def test_questions_are_answered_also_about_unsaved_text_and_hits_are_jumped_to(
    heading: str, before: str, start: str, environment: dict[str, str], shop: Path, tmp_path: Path
) -> None:
    program = EDITORS / "emacs" / "emacs"
    assert program.exists(), f"there is no {program}; run .ci/install-emacs-helix"
    init = tmp_path / "init.el"
    init.write_text(configuration(heading, "elisp"), encoding="utf-8")
    command = [str(program), "-Q", "--batch", "--eval", PLAIN, "--eval", before, "-l", str(init), "--eval", start]
    command += ["-l", str(ASKING), "-f", "ert-run-tests-batch-and-exit"]
    done = subprocess.run(command, cwd=shop, env=environment, capture_output=True, text=True, timeout=1100, check=False)
    printed = done.stdout + done.stderr
    assert done.returncode == 0, printed
    assert "Ran 3 tests, 3 results as expected, 0 unexpected" in printed, printed
