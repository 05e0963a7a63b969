"""The bytes of a file in a folder that somebody gave: a plain file inside that folder, of a bounded size, read once."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from CovidQuantLib.messages import InputError

# A link is not followed and a pipe is not waited for, where the system can be told so at opening.
_FLAGS = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


def read_plain_file(folder: Path, name: str, *, largest: int) -> bytes:
    """All bytes of the file `name` in `folder`; what is checked is what is read, also while others write.

    Raises `InputError` where it is missing, a link or anything else that is no plain file, lies outside of the folder,
    is larger than `largest` bytes, or cannot be read.
    """
    path = folder / name
    if path.is_symlink() or (path.exists() and path.resolve().parent != folder.resolve()):
        raise InputError(f"{name} leads out of its folder. Put the file itself into the folder.")
    try:
        with os.fdopen(os.open(path, _FLAGS), "rb") as file:
            found = os.fstat(file.fileno())
            if not stat.S_ISREG(found.st_mode):
                raise InputError(f"{name} is not a plain file. Put the file itself into the folder.")
            if found.st_size > largest:
                raise InputError(
                    f"{name} is larger than {largest / 2**20:.0f} MB, too large for a model. Nothing was loaded."
                )
            content = file.read(largest + 1)
    except FileNotFoundError as error:
        raise InputError(
            f"The folder holds no {name}: it is not a whole model. Choose a folder that CovidQuant wrote."
        ) from error
    except OSError as error:
        raise InputError(f"{name} cannot be read: {error.strerror or type(error).__name__}.") from error
    if len(content) > largest:
        raise InputError(f"{name} grew while it was read. Try again.")
    return content
