"""Progress of a part is a part of the progress."""

from CovidQuantLib.progress import part_of


def test_a_step_reports_within_its_share_of_the_whole() -> None:
    seen: list[tuple[float, str]] = []
    step = part_of(lambda fraction, message: seen.append((fraction, message)), 0.2, 0.6)
    for fraction in (-1.0, 0.0, 0.5, 1.0, 7.0):
        step(fraction, "Reading")
    assert [round(fraction, 6) for fraction, _ in seen] == [0.2, 0.2, 0.4, 0.6, 0.6]
    assert {message for _, message in seen} == {"Reading"}
