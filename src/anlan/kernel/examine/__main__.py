"""The process that examines one file: `python -m anlan.kernel.examine FILE NAME FOLDER` prints its report as JSON."""

from __future__ import annotations

import json
import resource
import sys
from dataclasses import asdict
from pathlib import Path

from anlan.kernel.examine import Refused, Report, pictures
from anlan.kernel.examine.kinds import Kind, extension_of, kind_of, recognise

BOUNDS = {
    resource.RLIMIT_AS: 1 << 30,
    resource.RLIMIT_CPU: 40,
    resource.RLIMIT_FSIZE: 1 << 28,
    resource.RLIMIT_CORE: 0,
}


def main(source: Path, name: str, folder: Path) -> dict[str, object]:
    try:
        return asdict(report_of(source, name, folder))
    except Refused as refused:
        return {"refused": refused.code}


def report_of(source: Path, name: str, folder: Path) -> Report:
    kind = recognise(source, name)
    kept = kind_of(kind.becomes) if kind.becomes else kind
    if kind.family != "image":
        return Report(kept.media_type, _extension(kept, name), kind.extensions)
    picture = pictures.clean(source, kind.media_type, folder)
    return Report(kept.media_type, _extension(kept, name), kind.extensions, **asdict(picture))


def _extension(kind: Kind, name: str) -> str:
    """The file's own where it fits what it is."""
    own = extension_of(name)
    return own if own in kind.extensions else kind.extensions[0]


if __name__ == "__main__":
    for bound, most in BOUNDS.items():
        resource.setrlimit(bound, (most, most))
    sys.stdout.write(json.dumps(main(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))))
