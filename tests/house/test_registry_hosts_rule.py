from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from house.rules import registry_hosts

if TYPE_CHECKING:
    from tests.house.conftest import TreeOf

REGISTRIES = (
    ("py" + "pi.", "org"),
    ("files.python" + "hosted.", "org"),
    ("registry.npm", "js.org"),
    ("deb.debian", ".org"),
    ("ghcr.", "io/x"),
    ("mirrors.example-uni.", "edu.cn"),
)
FOLDERS = (("/ro", "ot/x"), ("/ho", "me/me/x"), ("/wo", "rk/main/x"))


@pytest.mark.parametrize("halves", [*REGISTRIES, *FOLDERS])
def test_a_registry_or_a_machines_folder_is_found(tree_of: TreeOf, halves: tuple[str, str]) -> None:
    tree = tree_of({"docs/a.md": f"first\nfrom {''.join(halves)} take it\n"})
    assert [finding.line for finding in registry_hosts.check(tree)] == [2]


def test_ordinary_addresses_and_paths_pass(tree_of: TreeOf) -> None:
    text = (
        "https://127.0.0.1:8443/ /var/lib/anlan src/anlan/x ~/anlan https://example.org/root/work /opt/anlan"
    )
    assert not list(registry_hosts.check(tree_of({"docs/a.md": text})))


def test_a_locked_package_without_hash_is_found(tree_of: TreeOf) -> None:
    lock = """
        # a comment
        django==5.2.19 \\
            --hash=sha256:aa
            # via -r run.in
        psycopg[binary]==3.3.9
            # via -r run.in
        starlette==1.0 \\
            --hash=sha256:bb
    """
    found = list(registry_hosts.check(tree_of({"requirements/run.txt": lock})))
    assert [(finding.line, finding.what) for finding in found] == [(5, "psycopg[binary]==3.3.9 has no hash")]


def test_a_front_end_package_without_hash_is_found(tree_of: TreeOf) -> None:
    lock = """
        packages:
          vite@8.3.8:
            resolution: {integrity: sha512-aa==}
          htmx.org@4.0.1:
            resolution: {tarball: file:x.tgz}
    """
    found = list(registry_hosts.check(tree_of({"frontend/pnpm-lock.yaml": lock})))
    assert [finding.line for finding in found] == [5]
