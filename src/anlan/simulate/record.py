"""What a simulated carrier received and did: its own record, a line of JSON each, that outlives it."""

from __future__ import annotations

import json
import threading
from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


class Record:
    """Everything is written before anybody is answered; what an earlier run wrote is known again.

    items   by id, as they were first received: {"id", "kind", "to", "text", "at", "steps": [[what, at]]}
    again   how often each id was received once more
    """

    def __init__(self, path: Path) -> None:
        self.items: dict[str, dict[str, Any]] = {}
        self.again: Counter[str] = Counter()
        self.to_number: Counter[tuple[str, str]] = Counter()
        self._lock = threading.Lock()
        if path.exists():
            for line in path.read_text(encoding="utf-8").splitlines():
                try:
                    self._apply(json.loads(line))
                except ValueError:  # the last one, cut short when it was killed
                    continue
        self._file = path.open("a", encoding="utf-8")

    def add(self, lines: Iterable[dict[str, Any]]) -> None:
        """Write what happened, all at once."""
        with self._lock:
            lines = list(lines)
            for line in lines:
                self._apply(line)
            self._file.write("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines))
            self._file.flush()

    def _apply(self, line: dict[str, Any]) -> None:
        match line["what"]:
            case "received":
                self.items[line["id"]] = {
                    **{name: line[name] for name in ("id", "kind", "to", "text", "at")},
                    "steps": [],
                }
                self.to_number[line["kind"], line["to"]] += 1
            case "again":
                self.again[line["id"]] += 1
            case step:
                self.items[line["id"]]["steps"].append([step, line["at"]])

    def close(self) -> None:
        self._file.close()

    def knows(self, key: str) -> bool:
        return key in self.items

    def show(self, *, items: bool) -> dict[str, Any]:
        """The whole record, or its sums."""
        with self._lock:
            steps = Counter(step for one in self.items.values() for step, _at in one["steps"])
            sums = {
                "distinct": len(self.items),
                "again": self.again.total(),
                "kinds": dict(Counter(one["kind"] for one in self.items.values())),
                "steps": dict(steps),
            }
            more = {"items": list(self.items.values()), "doubles": dict(self.again)} if items else {}
            return json.loads(json.dumps(sums | more))  # type: ignore[no-any-return]  # a copy that nobody changes meanwhile
