"""All text a person sees goes through gettext: written in Chinese, complete in the English catalogue."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from house import catalogue, markup, names
from house.finding import Finding
from house.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from babel.messages.catalog import Catalog, Message

    from house.tree import Tree

WHY = "whoever can't read Chinese can't maintain or use what isn't in the catalogue"
MEND = "_('…') or gettext_lazy('…') by these names in Python, {% translate %} in templates; invented data goes to data files"
MEND_CATALOGUE = f"./anlan check translations --renew, then translate in {catalogue.ENGLISH}"
CHINESE = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\uff01-\uff5e\u3001-\u3011]")
GETTEXT = frozenset({"_", "gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy", "pgettext", "pgettext_lazy", "npgettext", "npgettext_lazy"})  # fmt: skip
# These run before Django and its catalogue: they carry both languages in place. Migrations repeat the models' labels.
BEFORE_DJANGO = re.compile(r"src/anlan/(launcher/|environment\.py$)|.*/migrations/")
MARKED = re.compile(
    r"\{%-?\s*blocktrans(late)?\b.*?endblocktrans(late)?\s*-?%\}|\{%-?\s*trans(late)?\b.*?%\}|\b_\((\"[^\"]*\"|'[^']*')\)"
    r"|\{%-?\s*comment\b.*?endcomment\s*-?%\}|\{#.*?#\}|<!--.*?-->",
    re.DOTALL,
)


def check(tree: Tree) -> Iterator[Finding]:
    for path in tree.under("src/anlan", ".py"):
        if not BEFORE_DJANGO.match(path):
            yield from _python(tree, path)
    for path in tree.under("src/anlan", ".html"):
        yield from _template(tree.text(path), path)
    yield from _catalogue(tree)


def _python(tree: Tree, path: str) -> Iterator[Finding]:
    text = tree.text(path)
    if not CHINESE.search(text):
        return
    module = tree.module(path)
    marked = {id(part) for node in ast.walk(module) if _is_marked(node) for part in ast.walk(node)}
    aside = names.docstrings(module)
    texts = (node for node in ast.walk(module) if isinstance(node, ast.Constant) and _is_text(node, text))
    by_line = {node.lineno: node for node in texts if node not in aside and id(node) not in marked}
    for line, node in by_line.items():
        yield Finding(path, line, f"Chinese text outside gettext: {_short(str(node.value))}", WHY, MEND)


def _is_text(node: ast.Constant, source: str) -> bool:
    """Whether Chinese is written there; a range of characters written with escapes, as in a pattern, is no text."""
    if not isinstance(node.value, str) or not CHINESE.search(node.value):
        return False
    return CHINESE.search(ast.get_source_segment(source, node) or "") is not None


def _is_marked(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and names.last_name(node.func) in GETTEXT


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 30 else f"{line[:29]}…"


def _template(text: str, path: str) -> Iterator[Finding]:
    for number, line in enumerate(markup.blank(text, MARKED).splitlines(), 1):
        if hit := CHINESE.search(line):
            shown = _short(line[hit.start() :])
            yield Finding(path, number, f"Chinese text outside translate: {shown}", WHY, MEND)


def _catalogue(tree: Tree) -> Iterator[Finding]:
    try:
        used = catalogue.texts_in_use(tree)
    except catalogue.NoExtractor:
        yield Finding(
            catalogue.ENGLISH, 1, "can't be compared: xgettext is missing", WHY, "apt install gettext"
        )
        return
    messages = [message for message in used if message.id]
    if not tree.has(catalogue.ENGLISH):
        if messages:
            yield Finding(catalogue.ENGLISH, 1, "missing", WHY, MEND_CATALOGUE)
        return
    english = catalogue.english(tree)
    for message in messages:
        place, line = message.locations[0] if message.locations else (catalogue.ENGLISH, 1)
        if problem := _problem(message, english):
            yield Finding(place, line or 1, f"{problem}: {_short(_first(message))}", WHY, MEND_CATALOGUE)
    for message in english:
        if message.id and used.get(_first(message), message.context) is None:
            yield Finding(
                catalogue.ENGLISH,
                1,
                f"used nowhere: {_short(_first(message))}",
                WHY,
                MEND_CATALOGUE,
            )


def _first(message: Message) -> str:
    return message.id if isinstance(message.id, str) else message.id[0]


def _problem(message: Message, english: Catalog) -> str:
    entry = english.get(_first(message), message.context)
    if entry is None:
        return "not in the English catalogue"
    translations = [entry.string] if isinstance(entry.string, str) else list(entry.string or ())
    if entry.fuzzy:
        return "marked fuzzy"
    if not translations or not all(translations):
        return "not translated"
    originals = [message.id] if isinstance(message.id, str) else [*message.id]
    wanted = {tuple(catalogue.placeholders(text)) for text in originals}
    if any(tuple(catalogue.placeholders(text)) not in wanted for text in translations):
        return "translated with other placeholders"
    if any(CHINESE.search(text) and text in originals for text in translations):
        return "translated by itself"
    return ""


RULES = (Rule("translations", "every text is marked, and complete in English", check, catalogue.renew),)
