"""URLs of warehouses as they may be shown: without passwords, tokens and keys. Nothing is opened here.

A URL is taken apart by hand, because the ones that matter most are those that no parser accepts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from urllib.parse import unquote, unquote_plus

HIDDEN = "***"
_SCHEME = re.compile(r"\s*([A-Za-z][A-Za-z0-9+.-]+):(?![\\])")
"""At least two letters: `C:` begins a path on Windows."""
_SECRET_NAME = re.compile(
    r"secret|passw|pwd|token|credential|authorization|access[.]?key|api[._-]?key|(^|[._-])key([._-]|$)",
    re.IGNORECASE,
)
"""Names of options whose values are not shown."""
_SECRET_VALUE = re.compile(r"(secret|passw|pwd|token|credential)\w*\s*[=:]", re.IGNORECASE)
"""A value that holds such an option itself, such as a JDBC URL."""
_OPTION = re.compile(r"([?&;])")


def scheme_of(url: str) -> str | None:
    """The scheme of a URL in lower case, whatever follows its colon; None for a path.

    >>> scheme_of("postgres:/me@server/shop"), scheme_of("data/shop.duckdb")
    ('postgres', None)
    """
    match = _SCHEME.match(url)
    return match[1].lower() if match else None


def may_hold_a_secret(path: str) -> bool:
    """Whether what should be a path looks like a URL that lost its scheme, or like libpq's `password=...`."""
    return bool(re.search(r":[^/@]*@|(passw\w*|pwd|token)\s*=", path, re.IGNORECASE))


def without_secret(url: str) -> str:
    """The URL without password, tokens and keys, so that it leads to the same place when they are in the environment.

    >>> without_secret("postgresql://me:s3cret@server/shop?sslmode=require&password=s3cret")
    'postgresql://me@server/shop?sslmode=require'
    >>> without_secret("sc://server:15002/;use_ssl=true;token=s3cret")
    'sc://server:15002/;use_ssl=true'
    """
    scheme, rest = _split(url)
    login, at, address, options = _parts(rest, scheme)
    options = _without_secret_options(options)
    if not options and not scheme.strip().startswith("duckdb"):
        address = address.removesuffix("/")
    return f"{scheme}{_user(login)}{at}{address}{options}"


def _split(url: str) -> tuple[str, str]:
    """The scheme with its colon and slashes, and what follows."""
    match = re.match(r"\s*(ducklake:)?[A-Za-z][A-Za-z0-9+.-]+:/*", url) if scheme_of(url) else None
    return (match[0], url[match.end() :]) if match else ("", url)


def _parts(rest: str, scheme: str) -> tuple[str, str, str, str]:
    """User with password, the @, address, and options with the mark that begins them."""
    if scheme.strip().lower().startswith(("spark:", "sc:")):  # an @ may stand in their options
        before, options = _at_first_option(rest)
        login, at, address = before.rpartition("@")
        return login, at, address, options
    # A password that is not escaped may hold any of / ? # @: all before the last @ may belong to it.
    login, at, after = rest.rpartition("@")
    return (login, at, *_at_first_option(after))


def _at_first_option(text: str) -> tuple[str, str]:
    first = _OPTION.search(text)
    return (text[: first.start()], text[first.start() :]) if first else (text, "")


def _user(login: str) -> str:
    user = login.partition(":")[0]
    return user if re.fullmatch(r"[\w.%+-]*", user) else HIDDEN


def _options(text: str) -> list[tuple[str, str]]:
    """Each option with the mark before it: `?` or `;` begins them, `&` or `;` parts them."""
    parts = _OPTION.split(text)[1:]
    return list(zip(parts[::2], parts[1::2], strict=True))


def _without_secret_options(text: str) -> str:
    kept = [(mark, option) for mark, option in _options(text) if not _is_secret(option)]
    if kept and kept[0][0] == "&":
        kept[0] = ("?", kept[0][1])
    return "".join(mark + option for mark, option in kept)


def _is_secret(option: str) -> bool:
    name, _, value = option.partition("=")
    return bool(_SECRET_NAME.search(unquote(name)) or _SECRET_VALUE.search(unquote_plus(value)))


def secrets_of(url: str) -> set[str]:
    """Every form in which a secret of the URL may come back in a driver's message."""
    scheme, rest = _split(url)
    login, _, _, options = _parts(rest, scheme)
    password = login.partition(":")[2]
    # Where an @ in the password is not escaped, a parser takes what follows it for the host.
    secrets = {password, *password.split("@")}
    secrets |= {option.partition("=")[2] for _, option in _options(options) if _is_secret(option)}
    return {form for secret in secrets for form in _forms(secret) if len(form) > 2}


def _forms(secret: str) -> Iterator[str]:
    yield from (secret, unquote(secret), unquote_plus(secret))


def scrubbed(text: str, secrets: Iterable[str]) -> str:
    """The text with every secret hidden, the longest first."""
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    return text
