"""The doctor's look into database and message server; needs the virtual environment."""

from __future__ import annotations

import asyncio
import json
import subprocess
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import nats.errors

from anlan.launcher import jetstream
from anlan.launcher.database import Database, DatabaseError, client_programs
from anlan.launcher.finding import Finding, bad, good, graded, note, warning
from anlan.launcher.node import Node
from anlan.launcher.words import words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from anlan import environment
    from anlan.launcher.place import Place

OLDEST_POSTGRES = 15
SECONDS_APART = 2.0
FULL, NEARLY = 0.98, 0.8  # shares of a limit
SECONDS_UNSEALED = 60.0
ANCHORS_MISSED = 3  # in a row
OLDEST_UNSEALED = """
SELECT extract(epoch FROM clock_timestamp() - recorded_at) FROM kernel_entry
WHERE id = (SELECT min(entry_id) FROM kernel_unsealed)
"""
SECONDS_UNSENT = 600.0
DOWN = """
SELECT string_agg(c.code, ', ' ORDER BY c.code) FROM channel_carrier c
JOIN channel_carrierstate s ON s.carrier_id = c.id WHERE c.retired_at IS NULL AND s.down_since IS NOT NULL
"""
# In an exercise its own clock says since when.
OLDEST_DELIVERY = """
SELECT extract(epoch FROM clock_timestamp() - min(queued_at)) FROM channel_delivery
WHERE state <= 1 AND exercise_id IS NULL
"""
STORE_LIMIT = 16 * 2**30  # bytes; max_file_store of the private server


def examine(settings: environment.Environment, place: Place, *, running: bool) -> Iterator[Finding]:
    node = Node(settings, "up")
    if settings.database_url or running:
        yield from _database(node)
    if settings.nats_url or running:
        yield from _bus(node, place)


def _database(node: Node) -> Iterator[Finding]:
    what = words("数据库", "Database")
    programs = node.cluster.programs if node.cluster else client_programs(node.settings.postgres_bin)
    database = Database(node.database_url(owner=True), programs)
    try:
        version = database.version()
    except DatabaseError as error:
        mend = words(
            "查看 log/postgres.log；用外部数据库时检查地址、密码和网络。",
            "Look at log/postgres.log, or at the URL.",
        )
        yield bad(what, str(error), mend)
        return
    yield from _database_content(what, database, version)
    yield from _journal(node, database)
    yield from _channels(node, database)
    yield from _migrations(node)


def _database_content(what: str, database: Database, version: int) -> Iterator[Finding]:
    gis = database.ask("SELECT extversion FROM pg_extension WHERE extname = 'postgis'")
    size = int(database.ask("SELECT pg_database_size(current_database())"))
    seen = f"PostgreSQL {version}, PostGIS {gis or '–'}, {size / 1e6:.0f} MB"
    if version < OLDEST_POSTGRES or not gis:
        yield bad(
            what, seen, words("需要 PostgreSQL ≥ 15 和 PostGIS。", "PostgreSQL ≥ 15 with PostGIS is needed.")
        )
    else:
        yield good(what, seen)
    apart = abs(float(database.ask("SELECT extract(epoch FROM clock_timestamp())")) - time.time())
    if apart > SECONDS_APART:
        seen = words(f"数据库服务器的时钟相差 {apart:.1f} 秒", f"the server's clock is {apart:.1f} s off")
        yield bad(what, seen, words("两台机器都要对时。", "Synchronise both machines."))
    if not database.is_empty() and (since := database.ask("SELECT held_since FROM kernel_nodestate")):
        mend = words(
            "在“运行状态”页核对待发内容后放行。",
            "Look at what waits on the page System status, then release.",
        )
        yield warning(
            words("保持状态", "Held"), words(f"自 {since} 起不对外发送", f"sends nothing since {since}"), mend
        )


def _journal(node: Node, database: Database) -> Iterator[Finding]:
    """The sealer seals each second, and the last seal is anchored each hour."""
    if not database.ask("SELECT to_regclass('public.kernel_seal')"):
        return
    what = words("留痕封存", "Seals of the journal")
    age = float(database.ask(OLDEST_UNSEALED) or 0)
    waiting = database.ask("SELECT count(*) FROM kernel_unsealed")
    seen = words(f"待封存 {waiting} 条，最早 {age:.0f} 秒前", f"{waiting} wait, the oldest for {age:.0f} s")
    mend = words("查看 log/scan.log。", "Look at log/scan.log.")
    late = age > SECONDS_UNSEALED
    yield graded(what, seen, mend if late else "", is_bad=late, is_low=False)
    if last := database.ask("SELECT max(number) FROM kernel_seal"):
        yield from _anchor(node, int(last))


def _channels(node: Node, database: Database) -> Iterator[Finding]:
    """Carriers that are down, and what has waited for one for long."""
    if not database.ask("SELECT to_regclass('public.channel_delivery')"):
        return
    what = words("发送渠道", "Carriers")
    down = database.ask(DOWN)
    age = float(database.ask(OLDEST_DELIVERY) or 0)
    waiting = database.ask("SELECT count(*) FROM channel_delivery WHERE state <= 1")
    seen = words(
        f"中断 {down or '0'}；待发 {waiting} 条，最早 {age:.0f} 秒前",
        f"down: {down or 'none'}; {waiting} wait, the oldest for {age:.0f} s",
    )
    mend = words("打开“发送情况”页，查看 log/send.log。", "Open the page of channels; look at log/send.log.")
    late = age > SECONDS_UNSENT
    yield graded(what, seen, mend if late or down else "", is_bad=False, is_low=late or bool(down))
    secrets = node.settings.carrier_secrets
    if secrets and secrets.stat().st_mode & 0o004:
        yield bad(
            words("渠道密钥文件", "Carriers' secrets"),
            words(f"{secrets} 人人可读", f"{secrets} is readable by everybody"),
            words(
                f"chmod 640 {secrets}，属组为服务用户", f"chmod 640 {secrets}, group of the services' user"
            ),
        )


def _anchor(node: Node, last_seal: int) -> Iterator[Finding]:
    what, file = words("留痕锚定", "Anchors of the journal"), node.anchors / "anchors.jsonl"
    mend = words(
        f"服务用户须能写入 {node.anchors}；查看 log/scan.log。",
        f"{node.anchors} must be writable to the services' user; look at log/scan.log.",
    )
    try:
        lines = file.read_text().splitlines()
        told = json.loads(lines[-1])
        age = datetime.now(UTC) - datetime.fromisoformat(told["at"])
    except (OSError, ValueError, LookupError, TypeError) as error:
        seen = words(f"没有可读的锚定：{error}", f"no anchor can be read: {error}")
        yield bad(what, seen, mend)
        return
    late = age > ANCHORS_MISSED * timedelta(minutes=node.settings.anchor_minutes)
    seen = words(
        f"{file}，{age.total_seconds() / 60:.0f} 分钟前，第 {told['number']} 号封存",
        f"{file}, {age.total_seconds() / 60:.0f} minutes ago, seal {told['number']}",
    )
    if told["number"] > last_seal:
        ahead = words(
            f"{seen}，而数据库只到第 {last_seal} 号", f"{seen}, but the database ends at {last_seal}"
        )
        yield bad(what, ahead, words("执行 ./anlan journal verify。", "Run ./anlan journal verify."))
        return
    yield graded(what, seen, mend if late else "", is_bad=late, is_low=False)


def _migrations(node: Node) -> Iterator[Finding]:
    what = words("数据库结构", "Migrations")
    command = [node.python, "-m", "anlan.site", "migrate", "--check", "--no-input", "-v0"]
    done = subprocess.run(
        command, env=node.told(owner=True), cwd="/", capture_output=True, text=True, check=False
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or [words("有未执行的迁移", "some are not applied")])[-1]
        yield bad(
            what, last, words("重新启动节点，启动时自动迁移。", "Restart the node: it migrates at its start.")
        )
    else:
        yield good(what, words("为当前版本", "as this version wants"))


def _bus(node: Node, place: Place) -> Iterator[Finding]:
    what = words("消息服务", "Message server")
    url = node.bus.url if node.bus else node.settings.nats_url
    try:
        streams, version = asyncio.run(_ask(url))
    except (OSError, TimeoutError, nats.errors.Error, jetstream.StreamError) as error:
        mend = words(
            f"查看 {place.logs}/nats.log；用外部服务时检查地址和 JetStream。",
            f"Look at {place.logs}/nats.log, or at the URL.",
        )
        yield bad(what, str(error) or type(error).__name__, mend)
        return
    stored = sum(stream["state"]["bytes"] for stream in streams if stream["config"]["storage"] == "file")
    seen = f"NATS {version}, {words(f'{len(streams)} 个消息流', f'{len(streams)} streams')}, {stored / 1e6:.0f} MB"
    share = stored / STORE_LIMIT if node.bus else 0.0
    mend = words("减少保留的消息，或另用外部消息服务。", "Keep fewer messages, or use an outside server.")
    yield graded(what, seen, mend if share > NEARLY else "", is_bad=share > FULL, is_low=share > NEARLY)
    for stream in streams:
        yield from _stream(stream)


async def _ask(url: str) -> tuple[list[dict[str, Any]], str]:
    async with jetstream.connected(url) as client:
        return await jetstream.list_streams(client), str(client.connected_server_version).strip("<>").split()[
            -1
        ]


def _stream(stream: dict[str, Any]) -> Iterator[Finding]:
    """A stream that is full refuses: stations get no confirmation."""
    config, state = stream["config"], stream["state"]
    limits = ((state["messages"], config.get("max_msgs", -1)), (state["bytes"], config.get("max_bytes", -1)))
    share = max((used / limit for used, limit in limits if limit > 0), default=0.0)
    what = words(f"消息流 {config['name']}", f"Stream {config['name']}")
    seen = words(
        f"{state['messages']} 条，已用 {share:.0%}", f"{state['messages']} messages, {share:.0%} used"
    )
    if config.get("discard") != "new":
        share = 0.0  # the oldest make room
    if share >= FULL:
        seen = words(f"已满！新消息被拒收。{seen}", f"FULL! New messages are refused. {seen}")
    mend = words(
        "检查后台任务是否在运行、处理是否跟得上，或提高该流的上限。",
        "Does the worker run and keep up? Or raise its limit.",
    )
    if share >= NEARLY:
        yield graded(what, seen, mend, is_bad=share >= FULL, is_low=True)
    else:
        yield note(what, seen)
