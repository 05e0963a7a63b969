"""From any storage order of the axes to the library's: slices to the head, rows to the back, columns to the left."""

from __future__ import annotations

import itertools

import numpy as np
import SimpleITK as sitk

from CovidQuantLib.ct.volume import Geometry, StoredOrder


def geometry_of(image: sitk.Image) -> Geometry:
    """The geometry of a 3D image as it is stored."""
    size, spacing, origin = image.GetSize(), image.GetSpacing(), image.GetOrigin()
    return Geometry(
        shape=(size[2], size[1], size[0]),
        spacing=(spacing[0], spacing[1], spacing[2]),
        origin=(origin[0], origin[1], origin[2]),
        direction=tuple(float(cosine) for cosine in image.GetDirection()),
    )


def library_order(stored: Geometry) -> tuple[StoredOrder, Geometry]:
    """How to bring an array of the grid `stored` into the library's order, and the geometry that it then has.

    Each stored axis becomes the patient axis that it runs along most closely, each patient axis once; an axis that
    runs towards the feet, the front or the right is flipped. Voxels are permuted, never resampled: an oblique grid
    stays oblique.
    """
    cosines = np.asarray(stored.direction, dtype=np.float64).reshape(3, 3)
    # order[p] is the stored axis (0 = i, 1 = j, 2 = k) that runs along patient axis p (0 = left, 1 = back, 2 = head).
    order = max(itertools.permutations(range(3)), key=lambda axes: sum(abs(cosines[p, a]) for p, a in enumerate(axes)))
    flip = [bool(cosines[patient, axis] < 0) for patient, axis in enumerate(order)]

    sizes = stored.shape[::-1]
    origin = np.asarray(stored.origin, dtype=np.float64)
    columns = []
    for flipped, axis in zip(flip, order, strict=True):
        if flipped:
            origin = origin + cosines[:, axis] * stored.spacing[axis] * (sizes[axis] - 1)
        columns.append(-cosines[:, axis] if flipped else cosines[:, axis])
    left, back, head = order
    geometry = Geometry(
        shape=(sizes[head], sizes[back], sizes[left]),
        spacing=(stored.spacing[left], stored.spacing[back], stored.spacing[head]),
        origin=(float(origin[0]), float(origin[1]), float(origin[2])),
        # Adding zero turns the -0.0 that files carry into 0.0, so that equal geometries print equal.
        direction=tuple(float(cosine) + 0.0 for cosine in np.stack(columns, axis=1).ravel()),
    )
    return StoredOrder(axes=(2 - head, 2 - back, 2 - left), flipped=(flip[2], flip[1], flip[0])), geometry


def image_of(array: np.ndarray, geometry: Geometry) -> sitk.Image:
    """The array (axes k, j, i) as an image on `geometry`."""
    image = sitk.GetImageFromArray(array)
    image.SetSpacing(geometry.spacing)
    image.SetOrigin(geometry.origin)
    image.SetDirection(geometry.direction)
    return image
