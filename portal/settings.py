"""Django settings. Every choice an installation can make is an environment variable, listed in docs/deploy.md.

Safe by default: DEBUG off, the secret key made on first start and kept under `var/`, bound to this machine only.
"""

import secrets
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from gan_core import __version__
from portal import environment as env
from portal.settings_api import *  # noqa: F403
from portal.settings_ganvas import *  # noqa: F403

BASE_DIR = Path(__file__).resolve().parent.parent
VAR = Path(env.text("GANVAS_VAR") or BASE_DIR / "var").resolve()
VAR.mkdir(parents=True, exist_ok=True)
VERSION = __version__

DEBUG = env.flag("GANVAS_DEBUG", False)


def kept_secret(path: Path) -> str:
    """The installation's secret key: made on first start, readable by its user only."""
    try:
        with path.open("x") as file:
            path.chmod(0o600)
            file.write(secrets.token_urlsafe(50))
    except FileExistsError:
        pass
    return path.read_text().strip()


SECRET_KEY = env.text("GANVAS_SECRET_KEY") or kept_secret(VAR / "secret-key")

# Where the installation is reached. HTTPS is on as soon as its address says so.
PUBLIC_URL = env.text("GANVAS_URL", "http://127.0.0.1:8000").rstrip("/")
_public = urlsplit(PUBLIC_URL)
if _public.scheme not in {"http", "https"} or not _public.hostname:
    raise ImproperlyConfigured(f"GANVAS_URL must be an address such as https://ganvas.example.org, not {PUBLIC_URL!r}.")
HTTPS = _public.scheme == "https"
ALLOWED_HOSTS = [_public.hostname, "127.0.0.1", "localhost", "[::1]", *env.words("GANVAS_HOSTS")]
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
USE_X_FORWARDED_HOST = False
if HTTPS:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 31536000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^health/"]
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_AGE = 60 * 60 * 24 * 30
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:", "blob:"],
        "style-src": [SELF],
        "script-src": [SELF],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "servestatic",
    "django.contrib.staticfiles",
    "csp",
    "allauth",
    "allauth.account",
    "rest_framework",
    "knox",
    "django_filters",
    "drf_spectacular",
    "drf_standardized_errors",
    "django_htmx",
    "storages",
    *(f"portal.{name}" for name in ("accounts", "datasets", "estimates", "notices", "runs", "trail", "workers")),
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "portal.accounts.middleware.FirstVisitorMiddleware",
]

ROOT_URLCONF = "portal.urls"
ASGI_APPLICATION = "portal.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "portal.context.shell",
            ],
            "builtins": ["portal.templatetags.ganvas"],
        },
    }
]


def database(url: str) -> dict[str, object]:
    """SQLite under `var/` (or at sqlite:///path) unless DATABASE_URL names a PostgreSQL database."""
    if not url or url.startswith("sqlite:///"):
        path = url.removeprefix("sqlite:///") or VAR / "ganvas.sqlite3"
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": path,
            "TEST": {"NAME": path},  # a file, so that the worker processes of a test see the same rows
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-16000;",
            },
        }
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise ImproperlyConfigured("DATABASE_URL must begin with postgresql://.")
    return {
        "ENGINE": "portal.postgres",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or "") if "%2f" not in (parts.netloc or "").lower() else unquote(parts.netloc.rpartition("@")[2]),
        "PORT": parts.port or "",
        # A pool, because there are many threads: connections kept by each would pile up. It gives up connecting soon,
        # because only the next request begins anew at once: its own tries come more and more seldom.
        "OPTIONS": {
            "pool": {
                "min_size": 1,
                "max_size": env.integer("GANVAS_DATABASE_POOL", 10, least=2),
                "timeout": 15,
                "max_idle": 10,
                "reconnect_timeout": 2,
            }
        },
    }


DATABASES = {"default": database(env.text("DATABASE_URL"))}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# Shared by all web processes and there even while the broker is down; holds the counters of the rate limits.
CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "cache", "OPTIONS": {"MAX_ENTRIES": 10_000}}}

# Broker and live channel. Without REDIS_URL, the supervisor's own Valkey on a socket under `var/`.
REDIS_URL = env.text("REDIS_URL") or f"unix://{VAR / 'valkey.sock'}"
CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://", 1)

# Files: `var/media`, or an S3-compatible storage.
S3_BUCKET = env.text("GANVAS_S3_BUCKET")
MEDIA_ROOT = VAR / "media"
STORAGES = {
    "default": (
        {
            "BACKEND": "storages.backends.s3.S3Storage",
            "OPTIONS": {
                "bucket_name": S3_BUCKET,
                "endpoint_url": env.text("GANVAS_S3_ENDPOINT") or None,
                "region_name": env.text("GANVAS_S3_REGION") or None,
                "access_key": env.text("GANVAS_S3_KEY") or None,
                "secret_key": env.text("GANVAS_S3_SECRET") or None,
                "addressing_style": "path",
                "signature_version": "s3v4",
                "querystring_expire": 600,
                "max_memory_size": 16 * 2**20,  # archives are read from a temporary file, not from memory
                "file_overwrite": True,
            },
        }
        if S3_BUCKET
        else {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": MEDIA_ROOT}}
    ),
    "staticfiles": {"BACKEND": "portal.statics.StaticStorage"},
}
STATIC_URL = "/static/"
STATIC_ROOT = Path(env.text("GANVAS_STATIC") or VAR / "static")
STATICFILES_DIRS = [BASE_DIR / "static"]
GANVAS_CACHE = Path(env.text("GANVAS_CACHE") or VAR / "cache")
"""Prepared datasets and work directories of this node; may be emptied while no worker runs."""
FILE_UPLOAD_TEMP_DIR = str(VAR / "tmp")
(VAR / "tmp").mkdir(exist_ok=True)
STATIC_ROOT.mkdir(exist_ok=True)
DATA_UPLOAD_MAX_NUMBER_FILES = 5000

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend", "allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
ACCOUNT_ADAPTER = "portal.accounts.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_FORMS = {
    "add_email": "portal.accounts.allauth_forms.AddEmailForm",
    "change_password": "portal.accounts.allauth_forms.ChangePasswordForm",
    "login": "portal.accounts.allauth_forms.LoginForm",
    "reauthenticate": "portal.accounts.allauth_forms.ReauthenticateForm",
    "reset_password": "portal.accounts.allauth_forms.ResetPasswordForm",
    "reset_password_from_key": "portal.accounts.allauth_forms.ResetPasswordKeyForm",
    "set_password": "portal.accounts.allauth_forms.SetPasswordForm",
    "signup": "portal.accounts.allauth_forms.SignupForm",
}
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
MAIL_LINK_DAYS = ACCOUNT_EMAIL_CONFIRMATION_EXPIRE_DAYS = 3
PASSWORD_RESET_TIMEOUT = MAIL_LINK_DAYS * 24 * 60 * 60
LOGIN_REDIRECT_URL = "/"
LOGIN_URL = "account_login"

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_I18N = False
USE_TZ = True

_mail = env.mail_server("EMAIL_URL", "EMAIL_HOST")
EMAIL_HOST, EMAIL_PORT, EMAIL_HOST_USER, EMAIL_HOST_PASSWORD, EMAIL_USE_TLS, EMAIL_USE_SSL = _mail
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if EMAIL_HOST else 'console'}.EmailBackend"
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.text("EMAIL_FROM", "ganvas@localhost")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)-7s %(name)s: %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "stream": sys.stderr, "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.text("GANVAS_LOG_LEVEL", "INFO")},
}
