"""The front door: Debian's nginx with TLS and HTTP/2, static files and limits, before the node's own processes."""

from __future__ import annotations

import re
import shutil
import subprocess
from typing import TYPE_CHECKING

from anlan.launcher.nats import accepts
from anlan.launcher.place import write_private
from anlan.launcher.supervisor import Program

if TYPE_CHECKING:
    from pathlib import Path

    from anlan.launcher.place import Place

FORM_MB = 1  # what a form adds to the file in it
CONFIG = """\
daemon off;
{user}
worker_processes auto;
worker_rlimit_nofile 8192;
pid "{home}/nginx.pid";
error_log "{logs}/nginx.log" warn;
events {{ worker_connections 4096; }}
http {{
  include /etc/nginx/mime.types;
  types {{ text/javascript mjs; application/manifest+json webmanifest; }}
  default_type application/octet-stream;
  server_tokens off;
  sendfile on;
  tcp_nopush on;
  access_log "{logs}/access.log";
  client_body_temp_path "{home}/body";
  proxy_temp_path "{home}/proxy";
  fastcgi_temp_path "{home}/fastcgi";
  uwsgi_temp_path "{home}/uwsgi";
  scgi_temp_path "{home}/scgi";

  # A slow or greedy client holds a connection here, never a process behind.
  client_header_timeout 10s;
  client_body_timeout 30s;
  send_timeout 30s;
  client_max_body_size 64m;
  large_client_header_buffers 4 16k;
  limit_conn_zone $binary_remote_addr zone=per_client:4m;
  limit_req_zone $binary_remote_addr zone=log_in:4m rate=30r/m;
  # Forms only: whoever opens their pages guesses nothing.
  limit_req_zone $guesses zone=guess:4m rate=30r/m;
  map $request_method $guesses {{ default ""; POST $binary_remote_addr; }}
  limit_req_zone $binary_remote_addr zone=public:4m rate=300r/m;
  limit_req_zone $binary_remote_addr zone=alive:4m rate=300r/m;
  # Whole towns come from one address of their mobile network, each to look and to press, within seconds of the text;
  # what a link is cannot be guessed anyhow.
  limit_req_zone $binary_remote_addr zone=answers:8m rate=200r/s;
  limit_req_zone $binary_remote_addr zone=carriers:1m rate=100r/s;
  limit_conn_status 429;
  limit_req_status 429;

  gzip on;
  gzip_types text/css text/javascript application/javascript application/json image/svg+xml application/geo+json;
  gzip_min_length 1024;

  # A dead one refuses at once, and the next is asked; nobody is left out, or a start would lock everybody out.
  upstream web {{
    least_conn;
    {webs}
    keepalive 32;
  }}
  upstream live {{ server "unix:{run}/live.sock"; }}
  upstream answer {{
    server "unix:{run}/answer.sock" max_fails=0;
    keepalive 32;
  }}

  server {{
    listen {listen}:{port} ssl{http2_old};
    {http2_new}
    server_name _;
    ssl_certificate "{certificate}";
    ssl_certificate_key "{key}";
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_session_cache shared:tls:4m;
    ssl_session_timeout 1d;
    # Somebody spoke plain HTTP to this port: send him to the same place over TLS.
    error_page 497 =301 https://$http_host$request_uri;
    error_page 502 503 504 /static/dist/away.html;
    error_page 429 /static/dist/too-many.html;
    error_page 413 /static/dist/too-large.html;
    limit_conn per_client 100;

    proxy_http_version 1.1;
    proxy_set_header Host $http_host;
    proxy_set_header Connection "";
    proxy_set_header X-Forwarded-For $remote_addr;
    proxy_set_header X-Forwarded-Proto https;
    proxy_set_header X-Forwarded-Host "";

    location /static/dist/assets/ {{
      alias "{dist}/assets/";
      add_header Cache-Control "public, max-age=31536000, immutable";
      add_header X-Content-Type-Options nosniff;
    }}
    location /static/dist/ {{
      client_max_body_size 0;  # the page that answers a body too large is fetched with it
      alias "{dist}/";
      add_header Cache-Control "no-cache";
      add_header X-Content-Type-Options nosniff;
    }}
    location /static/ {{
      alias "{var}/static/";
      add_header Cache-Control "public, max-age=3600";
      add_header X-Content-Type-Options nosniff;
    }}
    location = /ca/anlan-ca.crt {{
      limit_req zone=public burst=60 nodelay;
      alias "{var}/public/anlan-ca.crt";
    }}
    location /ca/ {{
      limit_req zone=public burst=60 nodelay;
      proxy_pass http://web;
    }}
    location = /contacts/ {{
      limit_req zone=public burst=60 nodelay;
      proxy_pass http://web;
    }}
    location = /-/alive {{
      limit_req zone=alive burst=60 nodelay;
      proxy_pass http://web;
    }}
    location /attachments/of/ {{
      client_max_body_size {upload}m;
      proxy_read_timeout 300s;
      proxy_pass http://web;
    }}
    # Contents of attachments, for those whom a page sends here; of its headers the door keeps some by itself.
    location /-files/ {{
      internal;
      alias "{var}/files/";
      add_header Content-Security-Policy $upstream_http_content_security_policy;
      add_header X-Content-Type-Options nosniff;
      add_header Referrer-Policy same-origin;
    }}
    location = /live {{
      proxy_pass http://live;
      proxy_buffering off;
      proxy_read_timeout 60s;
    }}
    # What a link holds is a secret: it stands in no log.
    location /c/ {{
      access_log off;
      limit_req_log_level info;
      limit_conn_log_level info;
      client_max_body_size 4k;
      limit_req zone=answers burst=2500 nodelay;
      limit_conn per_client 1000;
      proxy_pass http://answer;
    }}
    location /gateway/ {{
      client_max_body_size 2m;
      limit_req zone=carriers burst=200 nodelay;
      error_page 502 503 504 /static/dist/away.html;
      error_page 429 = @too_many;
      proxy_pass http://answer;
    }}
    location = /account/login/ {{
      limit_req zone=log_in burst=20 nodelay;
      proxy_pass http://web;
    }}
    # Passwords and codes of those who are logged in, or half-way: all that lies below.
    location /account/ {{
      limit_req zone=guess burst=20 nodelay;
      proxy_pass http://web;
    }}
    location /api/ {{
      error_page 502 503 504 /static/dist/away.html;
      error_page 429 = @too_many;
      error_page 413 = @too_large;
      proxy_pass http://web;
    }}
    location @too_large {{
      internal;
      client_max_body_size 0;
      default_type application/problem+json;
      return 413 '{{"type":"urn:anlan:error:too_large","title":"内容过大","status":413,"code":"too_large","detail":"一次提交的内容超过了上限，没有处理。请分几次提交。"}}';
    }}
    location @too_many {{
      internal;
      default_type application/problem+json;
      add_header Retry-After 60 always;
      return 429 '{{"type":"urn:anlan:error:too_many","title":"操作过于频繁","status":429,"code":"too_many","detail":"来自这个地址的请求太多，这一次没有处理。请稍后再试。"}}';
    }}
    location / {{ proxy_pass http://web; }}
  }}
}}
"""


def door(
    place: Place, listen: str, port: int, certificate: tuple[Path, Path], webs: int, *, file_mb: int
) -> Program:
    """nginx for this node on `listen`:`port`, with that certificate and key, before `webs` page processes.

    file_mb  the largest attachment
    """
    program = shutil.which("nginx", path="/usr/sbin:/usr/bin:/sbin:/bin") or "nginx"
    new = _version(program) >= (1, 25, 1)  # the directive changed its form there
    home = place.var / "nginx"
    user = place.app_user
    text = CONFIG.format(
        user=f"user {user.pw_name};" if user else "",
        home=home,
        logs=place.logs,
        run=place.run / "app",
        webs="\n    ".join(
            f'server "unix:{place.run / "app"}/web{number}.sock" max_fails=0;'
            for number in range(1, webs + 1)
        ),
        listen=f"[{listen}]" if ":" in listen else listen,
        port=port,
        http2_old="" if new else " http2",
        http2_new="http2 on;" if new else "",
        certificate=certificate[0],
        key=certificate[1],
        dist=place.code / "frontend/dist",
        var=place.var,
        upload=file_mb + FORM_MB,
    )
    write_private(home / "nginx.conf", text, user)
    address = "127.0.0.1" if listen in {"0.0.0.0", "::"} else listen  # noqa: S104 - compared, not bound
    return Program(
        "nginx",
        (program, "-p", str(home), "-e", str(place.logs / "nginx.log"), "-c", str(home / "nginx.conf")),
        ready=lambda: accepts(port, address),
    )


def _version(program: str) -> tuple[int, ...]:
    said = subprocess.run([program, "-v"], capture_output=True, text=True, check=True).stderr
    found = re.search(r"nginx/(\d+)\.(\d+)\.(\d+)", said)
    return tuple(int(part) for part in found.groups()) if found else (0, 0, 0)
