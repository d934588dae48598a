"""Writes a new room that passes every check: `python -m house.new_room watch rainfall "雨情"`."""

from __future__ import annotations

import argparse
import csv
import re
import subprocess
import sys
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

from house import catalogue
from house.rules import room_shape, terms
from house.tree import WINGS, Room, Tree

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).resolve().parents[1]
TEMPLATES = Path(__file__).parent / "room"
INDEX_NAME = 30  # longest name of an index that Django takes
ENTRY = re.compile(r"^msgid (?P<text>\".*\")\nmsgstr \".*\"$", re.MULTILINE)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="new-room", description=__doc__)
    parser.add_argument("wing", choices=WINGS)
    parser.add_argument("name", help="singular noun, as in the standard: rainfall, risk_source")
    parser.add_argument("term", help="its Chinese term")
    given = parser.parse_args(arguments)
    tree = Tree(ROOT)
    if problem := _problem(tree, given.wing, given.name, given.term):
        parser.error(problem)
    words = _words(given.wing, given.name, given.term)
    written = _write(words)
    _add_term(words)
    _add_translations(tree, words)
    _tidy(written)
    catalogue.renew(Tree(ROOT))
    _make_migration(given.name)
    for path in written:
        print(path.relative_to(ROOT))
    print(
        f"""
The room {words["package"]} stands. Next:
  ./anlan check                        everything it is measured by
  ./anlan test tests/{given.wing}/{given.name}
  docs/terms.csv                       say which standard the term is from, and what it is not
  grant $wing.{given.name}.… to a role     until then nobody may open it""".replace("$wing", given.wing)
    )
    return 0


def _problem(tree: Tree, wing: str, name: str, term: str) -> str:
    for finding in room_shape.name_problems(Room(wing, name, ())):
        return finding.what
    if any((room.wing, room.name) == (wing, name) for room in tree.rooms):
        return f"the room {wing}/{name} is there already"
    if any(room.name == name for room in tree.rooms):
        return f"another wing has a room {name}: choose another word"
    return "" if re.search(r"[\u4e00-\u9fff]", term) and '"' not in term else "the term is not Chinese"


def _words(wing: str, name: str, term: str) -> dict[str, str]:
    english = name.replace("_", " ")
    return {
        "wing": wing,
        "room": name,
        "Room": english.title().replace(" ", ""),
        "label": f"{name}.{name.replace('_', '')}",
        "short": name[: INDEX_NAME - len("_by_name")],
        "term": term,
        "term_en": english,
        "Term_en": english.capitalize(),
        "package": f"anlan.{wing}.{name}",
    }


def _write(words: dict[str, str]) -> list[Path]:
    """Fill in the templates; the wing's folder is made with its first room."""
    source = ROOT / "src/anlan" / words["wing"]
    places = {"src": source / words["room"], "tests": ROOT / "tests" / words["wing"] / words["room"]}
    written = []
    for part, folder in places.items():
        for template in sorted((TEMPLATES / part).rglob("*.tmpl")):
            name = template.relative_to(TEMPLATES / part).with_suffix("").as_posix()
            path = folder / name.replace("ROOM", words["room"])
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(
                Template(template.read_text(encoding="utf-8")).substitute(words), encoding="utf-8"
            )
            written.append(path)
    (source / "__init__.py").touch()
    return written


def _add_term(words: dict[str, str]) -> None:
    with (ROOT / terms.TABLE).open("a", encoding="utf-8", newline="") as table:
        csv.writer(table, lineterminator="\n").writerow([words["Room"], words["term"], "", ""])


def _add_translations(tree: Tree, words: dict[str, str]) -> None:
    """Add to the English catalogue what isn't in it yet."""
    path = ROOT / catalogue.ENGLISH
    known = catalogue.english(tree)
    filled = Template((TEMPLATES / "en.po.tmpl").read_text(encoding="utf-8")).substitute(words)
    new = [entry[0] for entry in ENTRY.finditer(filled) if known.get(entry["text"].strip('"')) is None]
    path.write_text("\n\n".join([path.read_text(encoding="utf-8").rstrip("\n"), *new, ""]), encoding="utf-8")


def _tidy(written: list[Path]) -> None:
    """Line breaks and the order of imports depend on how long the names are."""
    paths = [str(path) for path in written if path.suffix == ".py"]
    for words in (["check", "--quiet", "--select", "I", "--fix"], ["format", "--quiet"]):
        subprocess.run([sys.executable, "-m", "ruff", *words, *paths], cwd=ROOT, check=True)


def _make_migration(name: str) -> None:
    command = [sys.executable, "-m", "anlan.site", "makemigrations", name, "--name", name, "--verbosity", "0"]
    subprocess.run(command, cwd=ROOT, check=True)


if __name__ == "__main__":
    sys.exit(main())
