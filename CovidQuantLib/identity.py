"""Codes instead of identities: a keyed hash names a scan or a patient without saying who it is.

The key is made at first use in the user's configuration folder and never leaves it, so that nobody can test a guessed
identifier against the codes in a report.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
import secrets
import sys
from pathlib import Path

_KEY_BYTES = 32
_CODE_DIGITS = 12
_KEY_OF_THIS_PROCESS = secrets.token_bytes(_KEY_BYTES)


def configuration_folder() -> Path:
    """The user's configuration folder of CovidQuant (`COVIDQUANT_CONFIG` overrides the system's convention)."""
    if named := os.environ.get("COVIDQUANT_CONFIG"):
        return Path(named)
    if sys.platform == "win32":
        return Path(os.environ.get("APPDATA") or Path.home() / "AppData" / "Roaming") / "CovidQuant"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "CovidQuant"
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "covidquant"


def local_data_folder() -> Path:
    """The folder for this user's own unfinished work, on this computer (`COVIDQUANT_DATA` overrides the convention)."""
    if named := os.environ.get("COVIDQUANT_DATA"):
        return Path(named)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "CovidQuant"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "CovidQuant" / "Data"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "covidquant"


def site_key() -> bytes:
    """This user's secret key, 32 bytes; made with mode 0600 when there is none.

    Where it can be neither read nor made (a damaged key is never replaced), a key lasts for this process only: codes
    then differ between runs.
    """
    path = configuration_folder() / "site.key"
    if not path.exists():
        with contextlib.suppress(OSError):
            _make(path, secrets.token_bytes(_KEY_BYTES))
    try:
        key = path.read_bytes()
    except OSError:
        key = b""
    return key if len(key) == _KEY_BYTES else _KEY_OF_THIS_PROCESS


def _make(path: Path, key: bytes) -> None:
    """Write the key whole, unless another process was first."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(key)
        _claim(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _claim(temporary: Path, path: Path) -> None:
    """Give the key its name; of two processes the first one wins."""
    try:
        os.link(temporary, path)
    except FileExistsError:
        return
    except OSError:
        # A file system without hard links.
        temporary.replace(path)


def keyed_code(key: bytes, purpose: str, content: bytes) -> str:
    """A short code of `content`: the first 12 hexadecimal digits of HMAC-SHA256 under `key`, apart for each purpose."""
    return hmac.new(key, purpose.encode() + b"\0" + content, hashlib.sha256).hexdigest()[:_CODE_DIGITS]
