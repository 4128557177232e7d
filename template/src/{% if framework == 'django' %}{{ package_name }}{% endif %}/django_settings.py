"""Django's names for what `settings` read: the one settings module, on a laptop, in tests and in production.

What differs between environments is a variable and a field of `settings`; nothing here reads the environment.
"""

from .database import database
from .settings import read_settings

SERVICE = read_settings()

SECRET_KEY = SERVICE.secret_key.get_secret_value()
DEBUG = False  # everywhere: what a client sees, tests see; the traceback is in the log
ALLOWED_HOSTS = SERVICE.allowed_hosts

INSTALLED_APPS = [
    __package__,
    "django.contrib.staticfiles",
]
MIDDLEWARE = [
    f"{__package__}.requests.Requests",  # keep it first: the first one is the outermost and sees every answer
    "django.middleware.security.SecurityMiddleware",
    f"{__package__}.static_files.StaticFiles",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = f"{__package__}.urls"
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]

# No database until one is stated. A connection ends with its request (CONN_MAX_AGE stays 0): threads come and go under
# every server model, and a connection that outlives its thread is leaked.
DATABASES = {"default": database(SERVICE.database_url.get_secret_value())} if SERVICE.database_url else {}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

STATIC_URL = "/static/"
STORAGES = {"staticfiles": {"BACKEND": f"{__package__}.static_files.HashedNames"}}
WHITENOISE_USE_FINDERS = True  # from where they are installed; nothing is collected

# TLS ends at the proxy. Its X-Forwarded-Proto reaches Django through the server, which believes `trusted_proxies` of
# server.toml only; a SECURE_PROXY_SSL_HEADER here would believe everybody.
SECURE_HSTS_SECONDS = SERVICE.hsts_seconds  # said over HTTPS only
SESSION_COOKIE_SECURE = True  # browsers take http://localhost as safe
CSRF_COOKIE_SECURE = True
CSRF_FAILURE_VIEW = f"{__package__}.errors.csrf_failure"
SILENCED_SYSTEM_CHECKS = [
    "security.W005",  # what the names below this service's do is not this service's to say
    "security.W008",  # the proxy redirects to HTTPS; probes and the proxy itself speak HTTP to this service
    "security.W021",  # browsers' preload lists are for whole domains
]

DATA_UPLOAD_MAX_MEMORY_SIZE = None  # the server refuses what is longer than its `max_body_bytes`

TIME_ZONE = "UTC"  # Django's default is Chicago's, and it sets the whole process to it

# How lines look is `logs`' part. Django's own lines about answers hold the request with its query; the access line and
# `errors` say the same without it.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "loggers": {name: {"level": "CRITICAL"} for name in ("django.request", "django.security")},
}
