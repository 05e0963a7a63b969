"""A MetaImage whose header would end the process inside ITK is refused before ITK sees it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from CovidQuantLib.ct.volume_files import read_volume
from CovidQuantLib.messages import InputError


@pytest.mark.parametrize("axes", [b"-1", b"300", b"99999999999", b"three", b""])
def test_an_impossible_number_of_axes_is_refused(tmp_path: Path, axes: bytes) -> None:
    path = tmp_path / "ct.mha"
    sitk.WriteImage(sitk.GetImageFromArray(np.zeros((12, 4, 5), np.int16)), str(path))
    assert read_volume(path).GetSize() == (5, 4, 12)
    path.write_bytes(path.read_bytes().replace(b"NDims = 3", b"NDims = " + axes))
    with pytest.raises(InputError, match="number of axes"):
        read_volume(path)
