"""A database's URL as Django's dictionary: `postgresql://user:password@host:5432/name?sslmode=require`.

A directory of sockets stands in the place of the host, each slash as `%2F`: `postgresql://user@%2Frun%2Fpostgresql/name`.
`sqlite:////absolute/path` is for a laptop: a container's root is read-only and its files are gone with it.
"""

from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from pydantic import SecretStr

__all__ = ["database", "readable"]

ENGINES = {
    "mysql": "django.db.backends.mysql",
    "postgres": "django.db.backends.postgresql",
    "postgresql": "django.db.backends.postgresql",
    "sqlite": "django.db.backends.sqlite3",
}


def database(url: str) -> dict[str, object]:
    """An entry of DATABASES; raises ValueError, whose text repeats nothing of the URL: it holds a password."""
    try:
        parts = urlsplit(url)
        port = parts.port or ""
    except ValueError:
        raise ValueError("write special characters of the user and the password as %XX") from None
    if parts.scheme not in ENGINES:
        raise ValueError(f"it begins with one of {', '.join(f'{name}://' for name in ENGINES)}")
    if not (name := unquote(parts.path[1:])):
        raise ValueError("it ends with the name of the database, after a slash")
    return {
        "ENGINE": ENGINES[parts.scheme],
        "NAME": name,
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": find_host(parts),
        "PORT": str(port),
        "OPTIONS": dict(parse_qsl(parts.query)),
    }


def find_host(parts: SplitResult) -> str:
    """A name in small letters, or a directory of sockets as it is written: `hostname` would change its letters."""
    written = parts.netloc.rpartition("@")[2].partition(":")[0]
    return unquote(written) if written[:3].upper() == "%2F" else parts.hostname or ""


def readable(url: SecretStr) -> SecretStr:
    """The same URL; raises ValueError when `database` could not read it."""
    database(url.get_secret_value())
    return url
