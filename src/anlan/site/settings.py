"""Django's settings, all of them derived from `anlan.environment`."""

from __future__ import annotations

import os
import socket
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import django_stubs_ext
from csp.constants import NONE, SELF
from django.conf.locale import LANG_INFO
from psycopg.conninfo import conninfo_to_dict

from anlan import __version__, environment
from anlan.kernel import rooms

django_stubs_ext.monkeypatch()

ANLAN = environment.load()
VERSION = __version__
SOURCE = Path(__file__).resolve().parents[1]
IS_TEST = ANLAN.mode == "test"
if ANLAN.rooms:
    rooms.add_own(ANLAN.rooms)

SECRET_KEY = ANLAN.secret_key
# What links in messages begin with.
PUBLIC_URL = ANLAN.public_url.rstrip("/") or f"https://{(*ANLAN.hosts, '127.0.0.1')[0]}:{ANLAN.port}"
DEBUG = False
ALLOWED_HOSTS = [
    "localhost",
    "127.0.0.1",
    "[::1]",
    socket.gethostname(),
    *ANLAN.hosts,
    *(["testserver"] if IS_TEST else []),
]
ROOT_URLCONF = "anlan.site.urls"
WSGI_APPLICATION = "anlan.site.wsgi.application"

INSTALLED_APPS = [
    "anlan.site",
    "anlan.kernel",
    *(room.module for room in rooms.find()),
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.gis",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "axes",
    "csp",
    "django_cotton",
    "django_htmx",
    "django_vite",
    "procrastinate.contrib.django",
]

MIDDLEWARE = [
    "anlan.kernel.middleware.front_door",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "anlan.kernel.middleware.language",
    "anlan.site.machines.by_token",
    "anlan.kernel.middleware.LogInFirst",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "anlan.site.sessions.note_use",
    "anlan.kernel.middleware.Acting",
    "anlan.site.accounts.own_password_first",
    "axes.middleware.AxesMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": False,
        "DIRS": [],
        "OPTIONS": {
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    ["django_cotton.cotton_loader.Loader", "django.template.loaders.app_directories.Loader"],
                )
            ],
            "builtins": ["django_cotton.templatetags.cotton", "django.templatetags.i18n"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.messages.context_processors.messages",
                "anlan.kernel.pages.shell",
                "anlan.site.demo.for_log_in_page",
            ],
        },
    }
]

# A component knows what it is given and nothing of the page around it, whatever its words are called there.
COTTON_ISOLATE_BY_DEFAULT = True

# --- data -------------------------------------------------------------------------------------------------------


MOST_JOBS = 4  # that a worker runs at once, each with a connection


def _database(url: str) -> dict[str, Any]:
    parts = conninfo_to_dict(url)
    known = {
        "NAME": parts.pop("dbname", "anlan"),
        "USER": parts.pop("user", ""),
        "PASSWORD": parts.pop("password", ""),
    }
    known |= {"HOST": parts.pop("host", ""), "PORT": str(parts.pop("port", ""))}
    options: dict[str, Any] = dict(parts)
    if not IS_TEST:
        options["pool"] = {"min_size": 1, "max_size": max(ANLAN.web_threads, MOST_JOBS) + 1, "timeout": 10}
    return {
        "ENGINE": "django.contrib.gis.db.backends.postgis",
        **known,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": options,
    }


DATABASES = {"default": _database(ANLAN.database_url)}
PROCRASTINATE_AUTODISCOVER_MODULE_NAME = "jobs"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "site_cache"}}

# GDAL and GEOS come with the wheels of pyogrio and shapely; Debian's are too old for Django's own security check.
# Found, not imported: that would cost every process its memory.
_packages = Path(str(find_spec("pyogrio").origin)).resolve().parents[1]  # type: ignore[union-attr]  # it is locked
GDAL_LIBRARY_PATH = str(next(_packages.glob("pyogrio.libs/libgdal*.so*")))
GEOS_LIBRARY_PATH = str(next(_packages.glob("shapely.libs/libgeos_c*.so*")))
os.environ.setdefault("PROJ_DATA", str(_packages / "pyogrio/proj_data"))
os.environ.setdefault("GDAL_DATA", str(_packages / "pyogrio/gdal_data"))

# --- people -----------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "kernel.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS: list[dict[str, Any]] = [
    {"NAME": "anlan.kernel.passwords.Strength"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "anlan.kernel.passwords.CommonHere"},
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("username", "display_name", "email")},
    },
    {"NAME": "anlan.kernel.passwords.NotFormer"},  # last: it hashes
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"

ACCOUNT_ADAPTER = "anlan.site.accounts.Adapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
# Wrong codes of a second factor, per user; axes counts wrong passwords (accounts.Adapter).
ACCOUNT_RATE_LIMITS = {"login_failed": "5/900s/key"}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_TOTP_TOLERANCE = 1  # a phone's clock may be half a minute off
MFA_TOTP_ISSUER = ANLAN.node_name

AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_CALLABLE = "anlan.site.accounts.locked_out"
AXES_VERBOSE = False
AXES_ENABLE_ADMIN = False

# --- security ---------------------------------------------------------------------------------------------------

SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_NAME = "anlan_session"
SESSION_ENGINE = "anlan.site.session_store"
SESSION_COOKIE_AGE = ANLAN.session_hours * 60 * 60
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_NAME = "anlan_csrf"
CSRF_COOKIE_SECURE = True
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "anlan.site.views.csrf_failure"
LANGUAGE_COOKIE_NAME = "anlan_language"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 4 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000
# /tmp is memory on newer systems; a video belongs on the disk.
FILE_UPLOAD_TEMP_DIR = ANLAN.var / "files/incoming" if ANLAN.var else None

# --- words and files --------------------------------------------------------------------------------------------

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [(code, LANG_INFO[code]["name_local"]) for code in ("zh-hans", "en")]
LOCALE_PATHS = [SOURCE / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = ANLAN.time_zone.key
FORMAT_MODULE_PATH = ["anlan.locale"]

STATIC_URL = "/static/"
STATIC_ROOT = ANLAN.var / "static" if ANLAN.var else None
FRONTEND = SOURCE.parents[1] / "frontend/dist"
STATICFILES_DIRS = [("dist", FRONTEND)] if FRONTEND.exists() else []
DJANGO_VITE = {
    "default": {
        "dev_mode": False,
        "manifest_path": FRONTEND / ".vite/manifest.json",
        "static_url_prefix": "dist",
    }
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s [%(number)s] %(name)s %(message)s"}},
    "filters": {"number": {"()": "anlan.kernel.logs.NumberFilter"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["number"]}},
    "root": {"handlers": ["stderr"], "level": ANLAN.log_level.upper()},
    "loggers": {
        "procrastinate": {"level": "WARNING"},
        "axes": {"level": "WARNING"},
        "django": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
    },
}
SILENCED_SYSTEM_CHECKS = [
    "models.W046",  # nothing here compares database comments
]
