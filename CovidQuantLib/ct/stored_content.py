"""What an image file really holds: ITK's readers trust it, fill up what is missing and mend what makes no sense.

NRRD needs no look: its reader minds the checksum, and refuses what is no number in its header.
"""

from __future__ import annotations

import gzip
import io
import math
import struct
import zlib
from pathlib import Path
from typing import IO

import numpy as np
import SimpleITK as sitk

from CovidQuantLib.messages import InputError

CORRUPT = "The file cannot be read: it is truncated or corrupt. Export it again."
_NO_NUMBERS = "The file holds values that are no numbers (NaN or infinite). Export it again."
_NO_VOXEL_SIZE = "The header of the file gives no voxel size in mm. Export it again with its geometry."
_TWO_SIZES = "The header of the file gives two different voxel sizes. Export it again with its geometry."

_GZIP, _PIECE = b"\x1f\x8b", 2**20
_PIXDIM = {348: (76, "3f"), 540: (104, "3d")}
"""Where the voxel size stands, behind its first number, and its kind; by the header's length in bytes."""
_METAIMAGE_HEADER = 2**16
_FLOATS = {16: "f4", 64: "f8"}
_SAME_SIZE = 0.01


def check_nifti(path: Path, reader: sitk.ImageFileReader) -> None:
    """Refuse a NIfTI file (its header read by `reader`) that ITK would read as another image than was written.

    A file that breaks off, or whose compressed content was changed, is filled with zeros or with chance; NaN becomes
    0 HU; a voxel size of zero becomes 1 mm, and a negative one mirrors the patient. ITK says nothing of all that.
    """
    dimensions = [int(reader.GetMetaData(f"dim[{n}]")) for n in range(1, int(reader.GetMetaData("dim[0]")) + 1)]
    voxel_bytes = math.prod(dimensions) * int(reader.GetMetaData("bitpix")) // 8
    start = int(float(reader.GetMetaData("vox_offset")))
    kind = _FLOATS.get(int(reader.GetMetaData("datatype")))
    with path.open("rb") as file:
        is_compressed = file.read(2) == _GZIP
        file.seek(0)
        try:
            # Compressed content is read to its end: only there does its checksum stand.
            content = gzip.GzipFile(fileobj=file) if is_compressed else file
            order = _check_header(content.read(start))
            read = _check_voxels(content, voxel_bytes, np.dtype(order + kind) if kind else None)
            if not is_compressed and not kind:
                read = file.seek(0, io.SEEK_END) - start
        except (EOFError, OSError, zlib.error, struct.error):
            raise InputError(CORRUPT) from None
    if read < voxel_bytes:
        raise InputError(CORRUPT)
    _check_scales(reader)


def check_metaimage(path: Path) -> None:
    """Refuse an MHA file whose compressed content was changed: ITK takes what comes out, and minds no checksum."""
    with path.open("rb") as file:
        header, mark, _ = file.read(_METAIMAGE_HEADER).partition(b"ElementDataFile = LOCAL\n")
        if not mark or b"CompressedData = True" not in header:
            return
        file.seek(len(header) + len(mark))
        stream = zlib.decompressobj()
        try:
            while not stream.eof and (piece := file.read(_PIECE)):
                while piece and not stream.eof:
                    stream.decompress(piece, _PIECE)
                    piece = stream.unconsumed_tail
        except zlib.error:
            raise InputError(CORRUPT) from None
    if not stream.eof:
        raise InputError(CORRUPT)


def _check_header(header: bytes) -> str:
    """The header's byte order (`<` or `>`)."""
    order = next((mark for mark in "<>" if struct.unpack_from(mark + "i", header)[0] in _PIXDIM), "")
    if not order:
        raise InputError(CORRUPT)
    offset, numbers = _PIXDIM[struct.unpack_from(order + "i", header)[0]]
    size = struct.unpack_from(order + numbers, header, offset + struct.calcsize(numbers) // 3)
    if not all(math.isfinite(mm) and mm > 0 for mm in size):
        raise InputError(_NO_VOXEL_SIZE)
    return order


def _check_voxels(content: IO[bytes] | gzip.GzipFile, voxel_bytes: int, kind: np.dtype[np.generic] | None) -> int:
    """How many bytes of voxels and of what follows them there are; an uncompressed file of integers is not read."""
    read = 0
    if kind is None and not isinstance(content, gzip.GzipFile):
        return read
    while piece := content.read(_PIECE):
        mine = piece[: max(0, voxel_bytes - read)]
        read += len(piece)
        if kind and not np.isfinite(np.frombuffer(mine[: len(mine) // kind.itemsize * kind.itemsize], kind)).all():
            raise InputError(_NO_NUMBERS)
    return read


def _check_scales(reader: sitk.ImageFileReader) -> None:
    """Refuse a header whose sform has other voxel sizes than its `pixdim`: programs differ in which they take."""
    if reader.GetMetaData("sform_code").strip() in ("", "0"):
        return
    rows = [[float(text) for text in reader.GetMetaData(f"srow_{axis}").split()[:3]] for axis in "xyz"]
    if not np.allclose(np.linalg.norm(rows, axis=0), reader.GetSpacing()[:3], rtol=_SAME_SIZE, atol=0.0):
        raise InputError(_TWO_SIZES)
