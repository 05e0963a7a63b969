"""The secret key of a site: it turns patient IDs into codes, lies in the user's configuration folder, never in a pool.

The key that `identity.site_key` makes is used for new pools. Keys of other sites, brought here by `pool key import`,
lie beside it under their fingerprints; none ever replaces another.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
from pathlib import Path

from CovidQuantLib.hitl.pool.layout import code_of
from CovidQuantLib.hitl.pool.sealed import seal, unseal
from CovidQuantLib.identity import configuration_folder, site_key
from CovidQuantLib.messages import InputError

_KEY_BYTES = 32
_LARGEST_FILE = 4096
_VERSION = 1


def keyed_code(key: bytes, purpose: str, *parts: bytes) -> str:
    """The code of `parts` under `key`: 26 letters and digits of HMAC-SHA256, apart for each purpose."""
    return code_of(keyed_digest(key, purpose, *parts))


def keyed_digest(key: bytes, purpose: str, *parts: bytes) -> bytes:
    """HMAC-SHA256 of `parts` under `key`; where one part ends and the next begins makes a difference."""
    content = b"".join(len(part).to_bytes(8, "big") + part for part in (purpose.encode(), *parts))
    return hmac.new(key, b"pool" + content, hashlib.sha256).digest()


def fingerprint(key: bytes) -> str:
    """What tells keys apart without giving them away."""
    return keyed_code(key, "fingerprint")


def make_key() -> bytes:
    """This user's key, made where there is none. Raises `InputError` where it cannot be kept, or is damaged."""
    key = site_key()
    if _read(configuration_folder() / "site.key") != key:
        raise InputError(
            "The key of this site cannot be kept in the configuration folder, or is damaged. Make the folder writable, "
            "or restore its site.key from a backup."
        )
    return key


def find_key(wanted: str) -> bytes:
    """The key with the fingerprint `wanted`. Raises `InputError` where this user has no such key."""
    for path in (configuration_folder() / "site.key", _imported(wanted)):
        key = _read(path)
        if key is not None and fingerprint(key) == wanted:
            return key
    raise InputError(
        "This pool was made with another key than this user's, so that the same patient would get another code here. "
        "Bring the key over: 'covidquant pool key export' there, 'covidquant pool key import' here."
    )


def export_key(key: bytes, path: Path) -> None:
    """Write `key` into the new file `path`, readable for its owner only. Raises `InputError` where that fails."""
    content = seal({"v": _VERSION, "kind": "covidquant pool key", "key": key.hex()})
    try:
        _write_private(path, content)
    except FileExistsError as error:
        raise InputError("There is a file of this name already. Nothing was written; choose another name.") from error
    except OSError as error:
        raise InputError(f"The key cannot be written: {error.strerror or type(error).__name__}.") from error


def import_key(path: Path) -> str:
    """Keep the key in the file `path` for this user; gives its fingerprint. One that is here already stays as it is.

    Raises `InputError` where the file holds no key, or where the configuration folder cannot be written.
    """
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST_FILE)
    except OSError as error:
        raise InputError(f"The key cannot be read: {error.strerror or type(error).__name__}.") from error
    key = _key_in(content)
    name = fingerprint(key)
    try:
        target = _imported(name)
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with contextlib.suppress(FileExistsError):
            _write_private(target, key)
    except OSError as error:
        raise InputError(f"The key cannot be kept: {error.strerror or type(error).__name__}.") from error
    if _read(target) != key:
        raise InputError("The key that is kept here under this fingerprint is damaged. Remove it and import again.")
    return name


def _key_in(content: bytes) -> bytes:
    values = unseal(content, "The key file")
    try:
        key = bytes.fromhex(values["key"])
    except (KeyError, TypeError, ValueError):
        key = b""
    if len(key) != _KEY_BYTES or values.get("v") != _VERSION:
        raise InputError("The file holds no key of a pool. Give the file that 'covidquant pool key export' wrote.")
    return key


def _imported(name: str) -> Path:
    return configuration_folder() / "keys" / f"{name}.key"


def _read(path: Path) -> bytes | None:
    try:
        key = path.read_bytes()
    except OSError:
        return None
    return key if len(key) == _KEY_BYTES else None


def _write_private(path: Path, content: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
