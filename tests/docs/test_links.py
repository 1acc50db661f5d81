"""Every link from one document to another, to a heading or to a file leads somewhere; addresses are not asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.command_line import ROOT
from tests.docs.markdown import DOCUMENTS, anchors, links


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(document: Path) -> None:
    broken = []
    for line, target in links(document):
        path, _, anchor = target.partition("#")
        file = (document.parent / path).resolve() if path else document
        if "://" in path or target.startswith("mailto:"):
            continue
        if not file.exists() or (anchor and anchor not in anchors(file)):
            broken.append(f"{line}: {target}")
    assert broken == []


def test_every_document_is_linked_to() -> None:
    linked = {
        (document.parent / target.partition("#")[0]).resolve()
        for document in DOCUMENTS
        for _, target in links(document)
        if "://" not in target
    }
    assert [str(document) for document in DOCUMENTS if document.name != "README.md" and document not in linked] == []


def test_every_kind_of_test_is_explained() -> None:
    text = (ROOT / "tests" / "README.md").read_text(encoding="utf-8")
    kinds = {path.relative_to(ROOT / "tests").parts[0] for path in (ROOT / "tests").rglob("test_*.py")}
    names = {f"{kind}/" if (ROOT / "tests" / kind).is_dir() else kind for kind in kinds}
    assert {name for name in names if f"`{name}`" not in text} == set()


def test_every_part_of_the_package_is_explained() -> None:
    text = (ROOT / "devenv" / "README.md").read_text(encoding="utf-8")
    parts = {f"{path.name}/" if path.is_dir() else path.name for path in (ROOT / "devenv").glob("[a-z]*")}
    small = {"py.typed", "recipe_folder.py", "README.md"}
    assert {name for name in parts - small if f"`{name}`" not in text} == set()
