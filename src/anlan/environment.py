"""Every setting of a node, in one table: read from the environment only, validated before anything starts."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from anlan.wings import WINGS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class SettingsError(Exception):
    """One or more settings are wrong; `problems` says each in a sentence of both languages."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True)
class Setting:
    """One environment variable: its kind parses the text, its words explain it to an operator."""

    name: str
    parse: Callable[[str], Any]
    default: str
    zh: str
    en: str
    secret: bool = False
    group: str = "node"

    @property
    def attribute(self) -> str:
        return self.name.removeprefix("ANLAN_").lower()


def _text(value: str) -> str:
    return value


def _count(low: int, high: int) -> Callable[[str], int]:
    def parse(value: str) -> int:
        if not value.isdecimal() or not low <= int(value) <= high:
            raise ValueError(f"{low}–{high}")
        return int(value)

    return parse


def _choice(*words: str) -> Callable[[str], str]:
    def parse(value: str) -> str:
        if value not in words:
            raise ValueError(" | ".join(words))
        return value

    return parse


def _path(value: str) -> Path | None:
    return Path(value).expanduser().resolve() if value else None


def _existing(value: str) -> Path | None:
    path = _path(value)
    if path and not path.exists():
        raise ValueError("文件不存在 / no such file")
    return path


def _rooms(value: str) -> Path | None:
    folder = _existing(value)
    if folder is None:
        return None
    wings = {apps.parents[1].name for apps in folder.glob("*/*/apps.py")}
    if not wings:
        raise ValueError("其中没有“翼/房/apps.py” / it holds no WING/ROOM/apps.py")
    # A room of a wing that is none would be overlooked, and nobody would know why.
    if strange := ", ".join(sorted(wings - set(WINGS))):
        raise ValueError(f"{', '.join(WINGS)}；没有这个翼 / no such wing: {strange}")
    return folder


def _digest(value: str) -> str:
    """A digest that this machine's OpenSSL knows."""
    if value not in {"sha256", "sm3"}:
        raise ValueError("sha256 | sm3")
    if value not in hashlib.algorithms_available:
        raise ValueError(f"sha256；本机的 OpenSSL 没有 {value} / OpenSSL here has no {value}")
    return value


def _words(value: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in value.split(",") if word.strip())


def _url(*schemes: str) -> Callable[[str], str]:
    def parse(value: str) -> str:
        if value and not value.startswith(tuple(f"{scheme}://" for scheme in schemes)):
            raise ValueError(" | ".join(f"{scheme}://…" for scheme in schemes))
        return value

    return parse


def _networks(value: str) -> tuple[IPv4Network | IPv6Network, ...]:
    return tuple(ip_network(word) for word in _words(value))


def _bucket(value: str) -> str:
    parts = urlsplit(_url("s3", "s3+http")(value))
    if value and not (parts.username and parts.password and parts.hostname and parts.path.strip("/")):
        raise ValueError("s3://KEY:SECRET@HOST/BUCKET")
    return value


def _zone(value: str) -> ZoneInfo:
    if value not in available_timezones():
        raise ValueError("Asia/Shanghai, Asia/Urumqi, …")
    return ZoneInfo(value)


_postgres = _url("postgresql", "postgres")
_LAUNCHER = "launcher"

SETTINGS: tuple[Setting, ...] = (
    Setting(
        "ANLAN_NODE_NAME",
        _text,
        "安澜",
        "本节点名称，显示在页首和导出文件中。",
        "Name of this node, on every page and export.",
    ),
    Setting(
        "ANLAN_TIME_ZONE",
        _zone,
        "Asia/Shanghai",
        "本节点的时区。",
        "Time zone of the node.",
    ),
    Setting(
        "ANLAN_VAR",
        _path,
        "",
        "数据目录；留空为安装目录下的 var，若服务用户无法进入该目录，则为 /var/lib/anlan。",
        "Data folder; empty: var in the checkout, or /var/lib/anlan where the services' user cannot enter it.",
    ),
    Setting(
        "ANLAN_LISTEN",
        _text,
        "",
        "对外监听的地址；留空时演示只听本机 127.0.0.1，正式运行听全部地址。",
        "Address to listen on; empty: 127.0.0.1 for the demo, all addresses for real use.",
    ),
    Setting(
        "ANLAN_PORT",
        _count(1, 65535),
        "8443",
        "对外的 HTTPS 端口。",
        "The public HTTPS port.",
    ),
    Setting(
        "ANLAN_HOSTS",
        _words,
        "",
        "允许访问的主机名，逗号分隔；本机地址总是允许。",
        "Host names the node answers to, comma-separated; loopback always works.",
    ),
    Setting(
        "ANLAN_PUBLIC_URL",
        _url("https"),
        "",
        "短信、邮件里的链接以此开头，如 https://yj.example.gov.cn；留空则用第一个主机名和端口。",
        "What links in messages begin with, such as https://yj.example.gov.cn; empty: the first host name and the port.",
    ),
    Setting(
        "ANLAN_CERTIFICATE",
        _existing,
        "",
        "TLS 证书文件（PEM，含中间证书）；留空则由节点自建的根证书签发。",
        "TLS certificate (PEM with intermediates); empty: issued by the node's own root.",
    ),
    Setting(
        "ANLAN_CERTIFICATE_KEY",
        _existing,
        "",
        "TLS 私钥文件（PEM）。",
        "TLS private key (PEM).",
    ),
    Setting(
        "ANLAN_WEB_PROCESSES",
        _count(1, 64),
        "2",
        "页面进程数，一般等于核数。",
        "Page processes; the number of cores is a good start.",
    ),
    Setting(
        "ANLAN_WEB_THREADS",
        _count(1, 64),
        "4",
        "每个页面进程的线程数，也是其数据库连接数上限。",
        "Threads of each page process, and its limit of database connections.",
    ),
    Setting(
        "ANLAN_LOG_LEVEL",
        _choice("debug", "info", "warning", "error"),
        "info",
        "日志级别。",
        "Log level.",
    ),
    Setting(
        "ANLAN_ROOMS",
        _rooms,
        "",
        "本单位自建房间所在目录，见“自建房间”；留空则没有。",
        "Folder of rooms of one's own, see the page of that name; empty: none.",
    ),
    Setting(
        "ANLAN_SECOND_FACTOR",
        _choice("auto", "required"),
        "auto",
        "授权、任命、重设密码等操作须先通过两步验证；auto：正式运行要求，演示不要求；required：演示也要求。",
        "Grants, appointments, new passwords and the like ask for a second factor; auto: except in the demo; "
        "required: there, too.",
        group="access",
    ),
    Setting(
        "ANLAN_PASSWORD_LENGTH",
        _count(8, 64),
        "10",
        "密码最少几位。",
        "Fewest characters of a password.",
        group="access",
    ),
    Setting(
        "ANLAN_PASSWORD_HISTORY",
        _count(1, 24),
        "5",
        "新密码不能与最近几个密码相同（含现在的）。",
        "A new password must differ from that many of the latest, the present one included.",
        group="access",
    ),
    Setting(
        "ANLAN_PASSWORD_DAYS",
        _count(0, 3650),
        "0",
        "密码用满多少天后，下次登录须更换；0 为不限期。",
        "Days after which a password must be changed at the next log-in; 0: never.",
        group="access",
    ),
    Setting(
        "ANLAN_IDLE_MINUTES",
        _count(5, 1440),
        "60",
        "多少分钟没有操作即退出登录；值班岗位的页面保持连接时除外。",
        "Minutes without use after which a session ends, except on a duty post whose page stays connected.",
        group="access",
    ),
    Setting(
        "ANLAN_SESSION_HOURS",
        _count(1, 24),
        "12",
        "一次登录最长多少小时，到时须重新登录。",
        "Hours after which everybody logs in again.",
        group="access",
    ),
    Setting(
        "ANLAN_SESSIONS",
        _count(1, 50),
        "5",
        "一个用户最多同时在几处登录；再登录时，最早的一处退出。",
        "Sessions that one user may have at a time; one more ends the oldest.",
        group="access",
    ),
    Setting(
        "ANLAN_SEAL_DIGEST",
        _digest,
        "sha256",
        "留痕封存所用的摘要算法：sha256，或国密 sm3；可随时更换，已有的封存不变。",
        "Digest of the journal's seals: sha256, or SM3; may be changed at any time, seals that exist keep theirs.",
        group="journal",
    ),
    Setting(
        "ANLAN_ANCHORS",
        _path,
        "",
        "锚定文件所在目录；留空为数据目录下的 anchors。最好放在另一块磁盘、另一台机器或一次性写入介质上，服务用户须能写入。",
        "Folder of the journal's anchors; empty: anchors in the data folder. Best on another disk, another machine "
        "or write-once storage, writable to the services' user.",
        group="journal",
    ),
    Setting(
        "ANLAN_ANCHOR_MINUTES",
        _count(1, 1440),
        "60",
        "每隔多少分钟锚定一次。",
        "Minutes from one anchor to the next.",
        group="journal",
    ),
    Setting(
        "ANLAN_FILE_MB",
        _count(1, 4096),
        "200",
        "单个附件的大小上限（MB）。",
        "Largest attachment, in MB.",
        group="files",
    ),
    Setting(
        "ANLAN_REMOVED_FILES_DAYS",
        _count(1, 36500),
        "180",
        "附件移除后，内容再保留多少天；期满由后台任务清除，不能恢复。",
        "Days that the content of a removed attachment is kept; then it is deleted for good.",
        group="files",
    ),
    Setting(
        "ANLAN_FILES_URL",
        _bucket,
        "",
        "附件存到 S3 兼容的对象存储：s3://访问密钥:私有密钥@主机:端口/存储桶/目录?region=区域，"
        "封闭网络内不加密的用 s3+http://；密钥中的特殊字符须百分号编码。留空则存在数据目录的 files 中。",
        "Keep attachments in a store that speaks S3, plain HTTP with s3+http:// in closed networks; "
        "special characters of the keys percent-encoded. Empty: files in the data folder.",
        secret=True,
        group="files",
    ),
    Setting(
        "ANLAN_ALERT_FOLDERS",
        _path,
        "",
        "外部预警“监视文件夹”所在的目录，服务用户须能读写；留空则为数据目录下的 alerts。",
        "Folder that holds the watched folders of outside warnings, the services' user reads and writes it; empty: alerts "
        "in the data folder.",
        group="files",
    ),
    Setting(
        "ANLAN_ALERT_NETWORKS",
        _networks,
        "",
        "除公网外，外部预警订阅源还可以在哪些网段，如 10.20.0.0/16，逗号分隔；留空则只能在公网。",
        "Networks besides the public ones in which feeds of outside warnings may lie, such as 10.20.0.0/16, "
        "comma-separated; empty: none.",
        group="outside",
    ),
    Setting(
        "ANLAN_CARRIER_SECRETS",
        _existing,
        "",
        '各发送渠道密钥所在的文件（JSON：{"渠道代号": "密钥"}，邮件为“用户名:密码”）；服务用户须能读，其他人不应能读。'
        "留空则没有密钥，渠道不能使用。改后不必重启。",
        'File with the carriers\' secrets (JSON: {"code": "secret"}, for mail user:password), readable to the services\' '
        "user and to nobody else. Empty: no secrets, and no carrier works. Read again when it changes.",
        group="secrets",
    ),
    Setting(
        "ANLAN_DATABASE_URL",
        _postgres,
        "",
        "外部 PostgreSQL（≥ 15，含 PostGIS）的地址，应用角色；留空则启动自带的私有数据库。",
        "An outside PostgreSQL (≥ 15 with PostGIS), application role; empty: the node's private cluster.",
        secret=True,
        group="outside",
    ),
    Setting(
        "ANLAN_DATABASE_OWNER_URL",
        _postgres,
        "",
        "同一数据库的属主角色，只用于迁移、备份和恢复；用外部数据库时必填。",
        "The same database as its owner, for migrations, backup and restore only; needed with an outside database.",
        secret=True,
        group="outside",
    ),
    Setting(
        "ANLAN_NATS_URL",
        _url("nats", "tls"),
        "",
        "外部 NATS（已启用 JetStream）的地址，集群的多个地址用逗号分隔；留空则启动自带的私有 NATS。",
        "An outside NATS with JetStream, a cluster's addresses comma-separated; empty: the node's private server.",
        secret=True,
        group="outside",
    ),
    Setting(
        "ANLAN_POSTGRES_BIN",
        _existing,
        "",
        "自带数据库所用 PostgreSQL 程序的目录；留空则取系统中最新的一个。",
        "Folder of the PostgreSQL programs for the private cluster; empty: the newest on the system.",
        group="outside",
    ),
    Setting(
        "ANLAN_ADMIN_NAME",
        _text,
        "",
        "首次正式启动时系统管理员的登录名；留空则在终端询问。",
        "Log-in name of the first administrator at the first real start; empty: asked at the terminal.",
        group="secrets",
    ),
    Setting(
        "ANLAN_ADMIN_PASSWORD",
        _text,
        "",
        "首次正式启动时系统管理员的密码；留空则在终端询问。",
        "Password of the first administrator; empty: asked at the terminal.",
        secret=True,
        group="secrets",
    ),
    Setting(
        "ANLAN_BACKUP_PASSPHRASE",
        _text,
        "",
        "备份文件的加密密码；留空则在终端询问。",
        "Passphrase of backup files; empty: asked at the terminal.",
        secret=True,
        group="secrets",
    ),
    Setting(
        "ANLAN_SECRET_KEY",
        _text,
        "",
        "会话签名密钥；留空则由启动器生成并保存在数据目录中。集群中各机须相同。",
        "Signs sessions; empty: made by the launcher and kept in the data folder. The same on all machines of a cluster.",
        secret=True,
        group="secrets",
    ),
    Setting(
        "ANLAN_MODE",
        _choice("up", "demo", "test"),
        "up",
        "运行方式：正式、演示或测试。",
        "How the node runs: real use, demo or test.",
        group=_LAUNCHER,
    ),
    Setting(
        "ANLAN_RUN",
        _path,
        "",
        "套接字目录。",
        "Folder of the sockets.",
        group=_LAUNCHER,
    ),
)

GROUPS: Mapping[str, tuple[str, str]] = {
    "node": ("节点", "The node"),
    "access": ("登录", "Log-in"),
    "journal": ("留痕的封存与锚定", "Seals and anchors of the journal"),
    "files": ("附件", "Attachments"),
    "outside": ("外部的数据库和消息服务", "Outside database and message server"),
    "secrets": ("密码和密钥", "Passwords and keys"),
    _LAUNCHER: ("由启动器填写，一般不必设置", "Filled in by the launcher"),
}


class Environment:
    """The settings as parsed values, by attribute: `environment.port` for ANLAN_PORT."""

    node_name: str
    time_zone: ZoneInfo
    var: Path | None
    listen: str
    port: int
    hosts: tuple[str, ...]
    public_url: str
    certificate: Path | None
    certificate_key: Path | None
    web_processes: int
    web_threads: int
    log_level: str
    rooms: Path | None
    second_factor: str
    password_length: int
    password_history: int
    password_days: int
    idle_minutes: int
    session_hours: int
    sessions: int
    seal_digest: str
    anchors: Path | None
    anchor_minutes: int
    file_mb: int
    removed_files_days: int
    files_url: str
    alert_folders: Path | None
    alert_networks: tuple[IPv4Network | IPv6Network, ...]
    carrier_secrets: Path | None
    database_url: str
    database_owner_url: str
    nats_url: str
    postgres_bin: Path | None
    admin_name: str
    admin_password: str
    backup_passphrase: str
    secret_key: str
    mode: str
    run: Path | None

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.__dict__.update(values)


def load(source: Mapping[str, str] = os.environ) -> Environment:
    """Parse and check all settings.

    raises  SettingsError naming every wrong, unknown or half-given setting at once
    """
    problems = _unknown(source)
    values: dict[str, Any] = {}
    for setting in SETTINGS:
        text = source.get(setting.name, "").strip() or setting.default
        try:
            values[setting.attribute] = setting.parse(text)
        except ValueError as error:
            shown = "…" if setting.secret else text
            problems.append(f"{setting.name}={shown}：{setting.zh}可用 / allowed: {error}")
    problems += _together(source)
    if problems:
        raise SettingsError(problems)
    return Environment(values)


def _unknown(source: Mapping[str, str]) -> list[str]:
    known = {setting.name for setting in SETTINGS}
    return [
        f"{name}：没有这个设置 / no such setting"
        for name in sorted(source)
        if name.startswith("ANLAN_") and name not in known
    ]


def _together(source: Mapping[str, str]) -> list[str]:
    pairs = (
        ("ANLAN_CERTIFICATE", "ANLAN_CERTIFICATE_KEY"),
        ("ANLAN_ADMIN_NAME", "ANLAN_ADMIN_PASSWORD"),
    )
    return [
        f"{one}、{other}：须同时设置 / must be set together"
        for one, other in pairs
        if bool(source.get(one)) != bool(source.get(other))
    ]


def as_markdown() -> str:
    """The operator's page of all settings (docs/operator/settings.md is this text)."""
    lines = [
        "# 设置 · Settings",
        "",
        "全部设置只从环境变量读取，启动前逐项检查；写错或写了不存在的名称，节点不会启动，并一次列出全部问题。",
        "",
        "All settings come from the environment and are checked before anything starts.",
    ]
    for group, (zh, en) in GROUPS.items():
        lines += [
            "",
            f"## {zh} · {en}",
            "",
            "| 名称 Name | 默认 Default | 说明 Meaning |",
            "| --- | --- | --- |",
        ]
        lines += [
            f"| `{s.name}` | {f'`{s.default}`' if s.default else '–'} | {s.zh}<br>{s.en} |"
            for s in SETTINGS
            if s.group == group
        ]
    return "\n".join(lines) + "\n"
