from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from house import catalogue
from house.rules import translations

if TYPE_CHECKING:
    from tests.house.conftest import TreeOf

PYTHON = """
    from django.utils.translation import gettext_lazy as _, ngettext

    class Rain:
        "雨情。"

        name = _("雨量")  # 单位毫米
        pattern = "[\\u4e00-\\u9fff]"

        def say(self, count):
            return ngettext("%(count)s 站", "%(count)s 站", count) % {"count": count}
"""
PAGE = """
    {% load i18n %}
    {# 注释 #}
    <h1 title="{% translate "标题" %}">{% blocktranslate %}共 {{ count }} 条{% endblocktranslate %}</h1>
    {% comment %}中文{% endcomment %}<!-- 中文 --><p>{{ x|default:_("无") }}</p>
"""
CATALOGUE = """
    msgid ""
    msgstr ""
    "Content-Type: text/plain; charset=UTF-8\\n"
    "Plural-Forms: nplurals=2; plural=(n != 1);\\n"

    msgid "雨量"
    msgstr "Rainfall"

    msgid "%(count)s 站"
    msgid_plural "%(count)s 站"
    msgstr[0] "%(count)s station"
    msgstr[1] "%(count)s stations"

    msgid "标题"
    msgstr "Title"

    msgid "共 %(count)s 条"
    msgstr "%(count)s in all"

    msgid "无"
    msgstr "None"
"""
FILES = {
    "src/anlan/watch/rain/terms.py": PYTHON,
    "src/anlan/watch/rain/templates/rain/list.html": PAGE,
    catalogue.ENGLISH: CATALOGUE,
}


def test_marked_and_translated_texts_pass(tree_of: TreeOf) -> None:
    assert not list(translations.check(tree_of(FILES)))


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("src/anlan/site/views.py", "x = '已保存'"),
        ("src/anlan/site/views.py", "x = f'共 {1} 条'"),
        ("src/anlan/site/templates/site/home.html", "<p>首页</p>"),
        ("src/anlan/site/templates/site/home.html", "<c-card title='首页'></c-card>"),
        ("src/anlan/site/templates/site/home.html", "{{ x|default:'无' }}"),
    ],
)
def test_chinese_outside_gettext_is_found(tree_of: TreeOf, path: str, text: str) -> None:
    found = list(translations.check(tree_of({path: text})))
    assert [(finding.path, finding.line) for finding in found] == [(path, 1)]


@pytest.mark.parametrize("path", ["launcher/cli.py", "environment.py", "kernel/migrations/0001_units.py"])
def test_what_runs_without_django_carries_its_texts_itself(tree_of: TreeOf, path: str) -> None:
    assert not list(translations.check(tree_of({f"src/anlan/{path}": "x = '已启动'"})))


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('msgid "雨量"\n    msgstr "Rainfall"', "", "not in the English catalogue"),
        ('msgstr "Rainfall"', 'msgstr ""', "not translated"),
        ('msgid "雨量"', '#, fuzzy\n    msgid "雨量"', "marked fuzzy"),
        ('"%(count)s in all"', '"%(number)s in all"', "translated with other placeholders"),
        ('"%(count)s stations"', '"%(number)s stations"', "translated with other placeholders"),
        ('"Rainfall"', '"雨量"', "translated by itself"),
        ('msgid "无"', 'msgid "没有"\n    msgstr "None"\n\n    msgid "无"', "used nowhere"),
    ],
)
def test_a_gap_in_the_catalogue_is_found(tree_of: TreeOf, old: str, new: str, problem: str) -> None:
    assert old in CATALOGUE
    tree = tree_of({**FILES, catalogue.ENGLISH: CATALOGUE.replace(old, new)})
    assert [finding.what.split(":")[0] for finding in translations.check(tree)] == [problem]


def test_a_machine_without_xgettext_says_so(tree_of: TreeOf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    assert ["xgettext" in finding.what for finding in translations.check(tree_of(FILES))] == [True]


def test_renewing_adds_what_is_new_drops_what_is_gone_and_keeps_translations(tree_of: TreeOf) -> None:
    old = CATALOGUE.replace('msgid "雨量"\n    msgstr "Rainfall"', 'msgid "雪"\n    msgstr "Snow"')
    catalogue.renew(tree_of({**FILES, catalogue.ENGLISH: old}))
    found = [finding.what for finding in translations.check(tree_of({}))]
    assert found == ["not translated: 雨量"]


def test_renewing_begins_a_catalogue_where_there_is_none(tree_of: TreeOf) -> None:
    files = {path: text for path, text in FILES.items() if path != catalogue.ENGLISH}
    catalogue.renew(tree_of(files))
    assert {finding.what.partition(":")[0] for finding in translations.check(tree_of({}))} == {
        "not translated"
    }
