"""Texts in use and the English catalogue: what is extracted, what is translated."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from babel.messages.pofile import read_po
from django.utils.translation.template import templatize

if TYPE_CHECKING:
    from collections.abc import Iterable

    from babel.messages.catalog import Catalog

    from house.tree import Tree

ENGLISH = "src/anlan/locale/en/LC_MESSAGES/django.po"
KEYWORDS = (
    *("gettext_noop", "gettext_lazy", "ngettext_lazy:1,2", "pgettext:1c,2", "npgettext:1c,2,3"),
    *("pgettext_lazy:1c,2", "npgettext_lazy:1c,2,3"),
)
HEADER = """# English texts of Anlan.
msgid ""
msgstr ""
"Language: en\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=UTF-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"
"""
PLACEHOLDER = re.compile(r"%\(\w+\)[#0\- +]*[\d.]*[a-z]|%[sd]|\{\w*\}")


class NoExtractor(Exception):
    """The program xgettext (Debian package gettext) is not installed."""


def texts_in_use(tree: Tree) -> Catalog:
    """Every text that code or template asks gettext for, with its places."""
    return read_po(io.StringIO(_extract(tree)))


def renew(tree: Tree) -> None:
    """Bring the English catalogue up to date with the texts in use; what is new stands there untranslated."""
    path = tree.root / ENGLISH
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        path.write_text(HEADER, encoding="utf-8")
    with tempfile.NamedTemporaryFile("w", suffix=".pot", encoding="utf-8") as template:
        template.write(_extract(tree))
        template.flush()
        merge = [
            "msgmerge",
            "--quiet",
            "--update",
            "--backup=none",
            "--no-fuzzy-matching",
            "--add-location=file",
        ]
        subprocess.run([*merge, str(path), template.name], check=True)
    subprocess.run(["msgattrib", "--no-obsolete", "--output-file", str(path), str(path)], check=True)


def _extract(tree: Tree) -> str:
    """A template of the catalogue, with what Django's makemessages would find."""
    program = shutil.which("xgettext")
    if not program:
        raise NoExtractor
    with tempfile.TemporaryDirectory() as folder:
        paths = [*_copies(tree, Path(folder))]
        keywords = [f"--keyword={word}" for word in KEYWORDS]
        finished = subprocess.run(
            [program, "--language=Python", "--from-code=UTF-8", "--output=-", *keywords, "--files-from=-"],
            cwd=folder,
            input="\n".join(paths),
            check=True,
            capture_output=True,
            text=True,
        )
    # xgettext leaves the plural formula blank; two forms are what both our languages are written with.
    return finished.stdout.replace("nplurals=INTEGER; plural=EXPRESSION", "nplurals=2; plural=(n != 1)")


def _copies(tree: Tree, folder: Path) -> Iterable[str]:
    for path in tree.under("src/anlan", ".py", ".html", ".txt"):
        text = tree.text(path)
        copy = folder / path
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(text if path.endswith(".py") else templatize(text, origin=path), encoding="utf-8")
        yield path


def english(tree: Tree) -> Catalog:
    return read_po(io.StringIO(tree.text(ENGLISH)), locale="en")


def placeholders(text: str) -> list[str]:
    return sorted(PLACEHOLDER.findall(text.replace("%%", "")))
