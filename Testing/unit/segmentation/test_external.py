"""External segmenters: their labels become ours, and nothing is fetched, whatever their packages try."""

from __future__ import annotations

import hashlib
import socket
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from CovidQuantLib.anatomy import by_key
from CovidQuantLib.ct import CtVolume, Geometry, ScanFacts, StoredOrder
from CovidQuantLib.messages import Cancelled, InputError
from CovidQuantLib.segmentation.external import Segmenter, external_segmenter, external_segmenters, segment_externally
from CovidQuantLib.segmentation.external_totalsegmentator import ras_affine
from CovidQuantLib.segmentation.offline import NetworkRefused, no_network

SHAPE = (4, 6, 10)
KEYS_FROM_LOW_I = ("RLL", "RML", "RUL", "LUL", "LLL")
LUNGMASK_LABELS = {"LUL": 1, "LLL": 2, "RUL": 3, "RML": 4, "RLL": 5}
TOTAL_LABELS = {"LUL": 10, "LLL": 11, "RUL": 12, "RML": 13, "RLL": 14}
TOTAL_CLASSES = {
    5: "liver",
    10: "lung_upper_lobe_left",
    11: "lung_lower_lobe_left",
    12: "lung_upper_lobe_right",
    13: "lung_middle_lobe_right",
    14: "lung_lower_lobe_right",
}
ABSENT = ("lungmask", "totalsegmentator")


@pytest.fixture(autouse=True)
def a_machine_without_segmenters(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for package in ABSENT:
        monkeypatch.delitem(sys.modules, package, raising=False)
    found = sys.modules["importlib.util"].find_spec
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name in ABSENT else found(name))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setenv("TOTALSEG_HOME_DIR", str(tmp_path / "totalsegmentator"))
    monkeypatch.delenv("TOTALSEG_WEIGHTS_PATH", raising=False)


@pytest.fixture
def ct() -> CtVolume:
    geometry = Geometry(SHAPE, (0.7, 0.8, 1.25), (-10.0, 20.0, -30.0), (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0))
    hu = np.arange(np.prod(SHAPE), dtype=np.int16).reshape(SHAPE)
    return CtVolume(hu, geometry, StoredOrder(), geometry, ScanFacts(b"test"))


def stripes(labels: dict[str, int]) -> npt.NDArray[np.uint8]:
    """Each lobe two columns wide, from low i (the patient's right) to high i."""
    out = np.zeros(SHAPE, np.uint8)
    for place, key in enumerate(KEYS_FROM_LOW_I):
        out[:, :, 2 * place : 2 * place + 2] = labels[key]
    return out


def install(monkeypatch: pytest.MonkeyPatch, name: str, **attributes: object) -> None:
    module = ModuleType(name)
    module.__dict__.update(attributes)
    monkeypatch.setitem(sys.modules, name, module)


def install_lungmask(monkeypatch: pytest.MonkeyPatch, apply: Callable[[Any], Any]) -> list[dict[str, Any]]:
    """A fake of `lungmask.LMInferer`; returns the list of what it was made with."""
    made: list[dict[str, Any]] = []

    class LMInferer:
        def __init__(self, modelname: str, **options: Any) -> None:
            made.append({"modelname": modelname, **options})

        def apply(self, image: npt.NDArray[np.int16]) -> Any:
            return apply(image)

    install(monkeypatch, "lungmask", LMInferer=LMInferer)
    return made


def lungmask_weights(tmp_path: Path) -> None:
    folder = tmp_path / "torch" / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    for model in ("ltrclobes", "r231"):
        content = model.encode()
        (folder / f"unet_{model}-{hashlib.sha256(content).hexdigest()[:8]}.pth").write_bytes(content)


def install_totalsegmentator(monkeypatch: pytest.MonkeyPatch, run: Callable[..., Any]) -> None:
    install(monkeypatch, "totalsegmentator")
    install(monkeypatch, "totalsegmentator.map_to_binary", class_map={"total": TOTAL_CLASSES})
    install(monkeypatch, "totalsegmentator.python_api", totalsegmentator=run)
    install(monkeypatch, "nibabel", Nifti1Image=lambda data, affine: SimpleNamespace(dataobj=data, affine=affine))


def totalsegmentator_weights(tmp_path: Path, numbers: tuple[int, ...] = (291, 292, 293, 294, 295, 298)) -> None:
    results = tmp_path / "totalsegmentator" / "nnunet" / "results"
    for number in numbers:
        fold = results / f"Dataset{number}_name" / "trainer__plans__3d_fullres" / "fold_0"
        fold.mkdir(parents=True)
        (fold / "checkpoint_final.pth").touch()


def test_the_catalogue_names_both_and_refuses_others() -> None:
    assert [segmenter.name for segmenter in external_segmenters()] == ["lungmask", "TotalSegmentator"]
    with pytest.raises(InputError, match="lungmask, TotalSegmentator"):
        external_segmenter("nnunet")


@pytest.mark.parametrize("segmenter", external_segmenters(), ids=lambda segmenter: segmenter.name)
def test_a_missing_package_is_one_sentence_with_the_command(segmenter: Segmenter, ct: CtVolume) -> None:
    with pytest.raises(InputError, match=f"{segmenter.name} is not installed; install it with: pip install"):
        segment_externally(segmenter, ct)


def test_lungmask_without_weights_is_refused_before_it_could_fetch_them(
    monkeypatch: pytest.MonkeyPatch, ct: CtVolume
) -> None:
    made = install_lungmask(monkeypatch, lambda image: image)
    with pytest.raises(InputError, match=r"no weights for LTRCLobes .* fetch them once with: python -c"):
        segment_externally(external_segmenter("lungmask"), ct)
    assert not made


def test_a_download_that_broke_off_is_told_from_a_whole_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, ct: CtVolume
) -> None:
    install_lungmask(monkeypatch, lambda image: image)
    lungmask_weights(tmp_path)
    next((tmp_path / "torch").rglob("unet_r231-*")).write_bytes(b"half")
    with pytest.raises(InputError, match=r"unet_r231.* is damaged .* delete it and fetch it again"):
        segment_externally(external_segmenter("lungmask"), ct)


def test_lungmask_labels_become_ours(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, ct: CtVolume) -> None:
    seen = []

    def apply(image: npt.NDArray[np.int16]) -> npt.NDArray[np.uint8]:
        seen.append(image)
        return stripes(LUNGMASK_LABELS)

    made = install_lungmask(monkeypatch, apply)
    lungmask_weights(tmp_path)
    anatomy = segment_externally(external_segmenter("lungmask"), ct)
    np.testing.assert_array_equal(anatomy.lobes, stripes({key: by_key(key).label for key in KEYS_FROM_LOW_I}))
    np.testing.assert_array_equal(np.unique(anatomy.lungs[:, :, :6]), [by_key("right").label])
    np.testing.assert_array_equal(np.unique(anatomy.lungs[:, :, 6:]), [by_key("left").label])
    assert anatomy.lobes.dtype == np.uint8
    assert anatomy.source == "lungmask (version unknown)"
    assert seen[0] is ct.hu
    # Named files, so that it looks for no others on the network.
    assert Path(made[0]["modelpath"]).name.startswith("unet_ltrclobes")
    assert Path(made[0]["fillmodel_path"]).name.startswith("unet_r231")


def test_totalsegmentator_needs_every_part_that_its_package_would_fetch(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, ct: CtVolume
) -> None:
    install_totalsegmentator(monkeypatch, lambda *_, **__: pytest.fail("it must not start"))
    totalsegmentator_weights(tmp_path, (291, 298))
    with pytest.raises(InputError, match=r"lacks weights .* totalseg_download_weights -t total"):
        segment_externally(external_segmenter("TotalSegmentator"), ct)


def test_totalsegmentator_labels_become_ours_by_name(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, ct: CtVolume
) -> None:
    def run(image: Any, output: object, **options: Any) -> Any:
        assert output is None
        assert options["ml"]
        assert set(options["roi_subset"]) == {name for name in TOTAL_CLASSES.values() if "lung" in name}
        np.testing.assert_array_equal(image.dataobj, ct.hu.transpose(2, 1, 0))
        found = stripes(TOTAL_LABELS)
        found[0, 0, 0] = 5
        return SimpleNamespace(dataobj=found.transpose(2, 1, 0))

    install_totalsegmentator(monkeypatch, run)
    totalsegmentator_weights(tmp_path)
    anatomy = segment_externally(external_segmenter("TotalSegmentator"), ct)
    expected = stripes({key: by_key(key).label for key in KEYS_FROM_LOW_I})
    expected[0, 0, 0] = 0
    np.testing.assert_array_equal(anatomy.lobes, expected)
    np.testing.assert_array_equal(anatomy.lungs > 0, expected > 0)


def test_what_a_package_prints_does_not_reach_standard_output(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, ct: CtVolume, capsys: pytest.CaptureFixture[str]
) -> None:
    def apply(_: object) -> npt.NDArray[np.uint8]:
        sys.stdout.write("chatter")
        return stripes(LUNGMASK_LABELS)

    install_lungmask(monkeypatch, apply)
    lungmask_weights(tmp_path)
    segment_externally(external_segmenter("lungmask"), ct)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "chatter" in captured.err


@pytest.mark.parametrize("swallowed", [True, False])
def test_usage_statistics_and_downloads_are_stopped(
    swallowed: bool,  # noqa: FBT001
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    ct: CtVolume,
) -> None:
    def apply(_: object) -> Any:
        try:
            urllib.request.urlopen("http://stats.example.org", timeout=1)
        except OSError:
            if not swallowed:
                raise
        return stripes(LUNGMASK_LABELS)

    install_lungmask(monkeypatch, apply)
    lungmask_weights(tmp_path)
    if swallowed:
        assert segment_externally(external_segmenter("lungmask"), ct).lobes.any()
    else:
        with pytest.raises(InputError, match="asked for the network, which was refused"):
            segment_externally(external_segmenter("lungmask"), ct)


def test_a_failure_says_its_kind_and_no_content(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, ct: CtVolume) -> None:
    def apply(_: object) -> Any:
        raise RuntimeError("/home/DOE^JOHN/ct.nii.gz")

    install_lungmask(monkeypatch, apply)
    lungmask_weights(tmp_path)
    with pytest.raises(InputError, match=r"lungmask failed \(RuntimeError\)") as caught:
        segment_externally(external_segmenter("lungmask"), ct)
    assert "DOE" not in str(caught.value)


@pytest.mark.parametrize(
    ("given", "sentence"), [(np.ones((2, 2, 2)), "another grid"), (np.zeros(SHAPE), "found no lung")]
)
def test_a_result_that_cannot_be_used_is_refused(
    given: npt.NDArray[Any], sentence: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, ct: CtVolume
) -> None:
    install_lungmask(monkeypatch, lambda _: given.astype(np.uint8))
    lungmask_weights(tmp_path)
    with pytest.raises(InputError, match=sentence):
        segment_externally(external_segmenter("lungmask"), ct)


def test_a_cancel_passes_through(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, ct: CtVolume) -> None:
    def cancel(*_: object) -> None:
        raise Cancelled

    install_lungmask(monkeypatch, lambda _: stripes(LUNGMASK_LABELS))
    lungmask_weights(tmp_path)
    with pytest.raises(Cancelled):
        segment_externally(external_segmenter("lungmask"), ct, cancel)


def test_the_nifti_affine_places_voxels_as_the_geometry_does() -> None:
    turned = Geometry(SHAPE, (0.7, 0.8, 1.25), (-10.0, 20.0, -30.0), (0.0, -1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0))
    ijk = np.array([7.0, 2.0, 3.0])
    right_anterior = (ras_affine(turned) @ [*ijk, 1.0])[:3]
    np.testing.assert_allclose(right_anterior * [-1.0, -1.0, 1.0], turned.to_lps(ijk[::-1]))


def test_the_guard_lets_loopback_through_and_ends() -> None:
    original = socket.getaddrinfo
    with socket.create_server(("127.0.0.1", 0)) as server, no_network() as guard:
        socket.create_connection(server.getsockname()).close()
        assert not guard.refused
        with pytest.raises(NetworkRefused):
            socket.create_connection(("192.0.2.1", 80), timeout=0.1)
        with socket.socket() as plain, pytest.raises(NetworkRefused):
            plain.connect_ex(("192.0.2.1", 80))
        assert guard.refused
    assert socket.getaddrinfo is original
