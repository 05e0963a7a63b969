"""The structures nest, and their labels, keys and colours are unique."""

from __future__ import annotations

from CovidQuantLib.anatomy import INFECTION, LOBES, LUNGS, SEGMENTS, by_key, lobe_of_segment, lung_of_lobe


def test_the_scheme_has_ten_segments_right_and_eight_left() -> None:
    assert [lobe.key for lobe in LOBES] == ["RUL", "RML", "RLL", "LUL", "LLL"]
    by_lobe = {lobe.key: sum(segment.parent == lobe.key for segment in SEGMENTS) for lobe in LOBES}
    assert by_lobe == {"RUL": 3, "RML": 2, "RLL": 5, "LUL": 4, "LLL": 4}


def test_labels_count_from_one_and_keys_are_unique() -> None:
    for structures in (LUNGS, LOBES, SEGMENTS, INFECTION):
        assert [structure.label for structure in structures] == list(range(1, len(structures) + 1))
    everything = (*LUNGS, *LOBES, *SEGMENTS, *INFECTION)
    assert len({structure.key for structure in everything}) == len(everything)
    assert len({segment.colour for segment in SEGMENTS}) == len(SEGMENTS)


def test_every_part_lies_on_the_side_of_its_whole() -> None:
    lobes, lungs = lobe_of_segment(), lung_of_lobe()
    for segment in SEGMENTS:
        lobe = LOBES[lobes[segment.label] - 1]
        lung = LUNGS[lungs[lobe.label] - 1]
        assert segment.key[0] == lobe.key[0] == lung.name[0]
        assert segment.modifier == lung.modifier
    assert by_key("RML").modifier is None, "only the right lung has a middle lobe"
