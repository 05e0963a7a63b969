"""The catalogue, preprocessing and label sets."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from CovidQuantLib import anatomy
from CovidQuantLib.messages import InputError
from CovidQuantLib.networks import Preprocessing, extra, label_set, label_set_names, network, network_names

CT = Preprocessing(spacing_mm=(1.5, 1.5, 1.5), hu_low=-1000, hu_high=400, multiple_of=16)


def test_the_catalogue_is_read_without_torch() -> None:
    code = (
        "import sys; from CovidQuantLib.networks import network_names; network_names(); "
        "sys.exit(bool({'torch', 'monai', 'safetensors'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_network_without_torch_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extra, "find_spec", lambda name: None if name == "torch" else object())
    with pytest.raises(InputError, match=r"Networks need torch.*CovidQuantLib\[networks\]"):
        network("vbnet").build(classes=2)


def test_every_network_says_its_paper_and_its_own_defaults() -> None:
    for name in network_names():
        spec = network(name)
        assert spec.name == name
        assert spec.paper
        assert (spec.reading.slices == 1) == (spec.reading.kind in {"volume", "slice"})
        assert spec.reading.slices % 2 == 1


def test_an_unknown_network_is_refused_with_the_known_names() -> None:
    with pytest.raises(InputError, match="vbnet"):
        network("resnet-9000")


def test_an_unknown_setting_is_refused() -> None:
    with pytest.raises(InputError, match="no setting"):
        network("vbnet").build(classes=2, in_channelz=1)


def test_the_window_maps_onto_zero_to_one_and_is_cut() -> None:
    hu = np.array([-3000, -1000, -300, 400, 3000], np.int16)
    np.testing.assert_allclose(CT.normalise(hu), [0.0, 0.0, 0.5, 1.0, 1.0])
    assert CT.normalise(hu).dtype == np.float32


def test_normalising_leaves_a_float_input_as_it_was() -> None:
    hu = np.array([-300.0], np.float32)
    CT.normalise(hu)
    assert hu[0] == -300.0


def test_padding_reaches_the_next_multiple_and_no_further() -> None:
    assert CT.padded_shape((1, 16, 17)) == (16, 16, 32)


@pytest.mark.parametrize(
    "values",
    [
        {"hu_low": 400},
        {"hu_low": -99999},
        {"multiple_of": 0},
        {"multiple_of": 1000},
        {"spacing_mm": (0.0, 1.0, 1.0)},
        {"spacing_mm": (float("nan"), 1.0, 1.0)},
        {"matrix": 0},
        {"matrix": 100},
        {"matrix": 1 << 20},
        {"view": "head"},
        {"thick_slices_mm": 0.0},
        {"highest_value": 0.0},
        {"highest_value": float("nan")},
    ],
)
def test_a_preprocessing_that_fits_no_ct_is_refused(values: dict[str, object]) -> None:
    settings = {"spacing_mm": None, "hu_low": -1000, "hu_high": 400, "multiple_of": 16, **values}
    with pytest.raises(InputError):
        Preprocessing(**settings)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "structures"),
    [
        ("classes", anatomy.INFECTION),
        ("lungs", anatomy.LUNGS),
        ("lobes", anatomy.LOBES),
        ("segments", anatomy.SEGMENTS),
    ],
)
def test_a_channel_is_the_label_value_of_the_anatomy(name: str, structures: tuple[anatomy.Structure, ...]) -> None:
    labels = label_set(name).labels
    assert labels[0] == "background"
    assert {structure.key: structure.label for structure in structures} == {
        key: channel for channel, key in enumerate(labels) if channel
    }


def test_the_paper_counts_eighteen_segments() -> None:
    assert label_set("segments").classes == 19


def test_infection_without_classes_has_two_channels() -> None:
    assert label_set("infection").labels == ("background", "infection")
    assert "infection" in label_set_names()


def test_an_unknown_label_set_is_refused() -> None:
    with pytest.raises(InputError, match="label set"):
        label_set("lumps")


def test_high_opacity_is_no_consolidation() -> None:
    assert label_set("high_opacity").labels == ("background", anatomy.GROUND_GLASS.key, "high_opacity")


def test_the_u_net_of_weak_labels_sees_the_values_of_its_paper() -> None:
    """x = (HU + 1024) / 110; -34 HU is the paper's 9.0."""
    wanted = network("hybrid_unet").preprocessing
    hu = np.array([-1024, -34, 66], np.int16)
    np.testing.assert_allclose(wanted.normalise(hu) * wanted.highest_value, (hu + 1024.0) / 110.0, rtol=1e-6)
    assert wanted.normalise(hu)[1] * wanted.highest_value == pytest.approx(9.0)
