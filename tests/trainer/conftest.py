"""One finished run of the toy workspace for all tests of stages."""

from __future__ import annotations

import pytest

from models.tiny_models import make_tiny_model
from trainer.toy import make_workspace, toy_recipe, toy_run, toy_settings
from trainer.toy_runs import Toy


@pytest.fixture(scope="session")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Toy:
    root = tmp_path_factory.mktemp("toy")
    base = make_tiny_model(root / "base", "bi-encoder")
    workspace = make_workspace(root / "shop")
    recipe, settings = toy_recipe(base), toy_settings(root / "cache", base)
    outcome, _ = toy_run(root / "run", workspace, recipe, settings)
    return Toy(workspace=workspace, base=base, folder=root / "run", recipe=recipe, settings=settings, outcome=outcome)
