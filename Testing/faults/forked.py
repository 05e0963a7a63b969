"""Processes that submit into one pool, forked from a parent that has loaded everything.

    python -m Testing.faults.forked kill POOL KILLS SEED        kill a submitting child at a random instant, KILLS times
    python -m Testing.faults.forked crowd POOL CHILDREN EACH    children that all submit at the same time

Prints one JSON object: what the children were told is accepted, before they died or ended.
"""

from __future__ import annotations

import functools
import json
import os
import random
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from CovidQuantLib.hitl.pool import Scan, Subject, add_scan, approve, open_pool, submit_reading
from Testing.pool_factory import tiny_ct, tiny_reading

_KILLS_ON_A_SCAN = 10
_SUBMISSIONS_IN_A_LIFE = 3


def child(work: Callable[[Callable[[str], None]], None]) -> tuple[int, int]:
    """Fork a child that does `work`, which is given a function to say what was accepted; its pid and what it says."""
    mine, its = os.pipe()
    pid = os.fork()
    if pid:
        os.close(its)
        return pid, mine
    code = 1
    try:
        os.close(mine)
        work(functools.partial(tell, its))
        code = 0
    finally:
        os._exit(code)


def tell(pipe: int, name: str) -> None:
    """Say a line, whole: a pipe takes one that short at once."""
    os.write(pipe, f"{name}\n".encode())


def said(pipe: int) -> list[str]:
    """All whole lines that a child has said, once it is gone."""
    with os.fdopen(pipe, "rb") as file:
        content = file.read()
    return [line.decode() for line in content.split(b"\n")[:-1]]


def submit_forever(folder: Path, scan: Scan, number: int, say: Callable[[str], None]) -> None:
    pool = open_pool(folder)
    while True:
        revision = submit_reading(pool, scan, tiny_reading(f"R{number}", number))
        say(revision.id)
        say(approve(pool, scan, revision.id, "chief").id)


def seconds_of_a_submission(folder: Path, scan: Scan) -> float:
    """How long a child takes for one submission and one decision on this machine, as busy as it is now."""

    def submit(say: Callable[[str], None]) -> None:
        pool = open_pool(folder)
        say(approve(pool, scan, submit_reading(pool, scan, tiny_reading()).id, "chief").id)

    started = time.monotonic()
    pid, pipe = child(submit)
    os.waitpid(pid, 0)
    os.close(pipe)
    return time.monotonic() - started


def kill(folder: Path, kills: int, seed: int) -> dict[str, object]:
    chance = random.Random(seed)
    accepted: list[str] = []
    longest = 0.0
    for number in range(kills):
        pool, of = open_pool(folder), number // _KILLS_ON_A_SCAN
        scan = add_scan(pool, tiny_ct(of), Subject(f"patient {of}")).scan
        if number % _KILLS_ON_A_SCAN == 0:
            longest = _SUBMISSIONS_IN_A_LIFE * seconds_of_a_submission(folder, scan)
        pid, pipe = child(functools.partial(submit_forever, folder, scan, number))
        time.sleep(chance.uniform(0.0, longest))
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        accepted += said(pipe)
    return {"kills": kills, "accepted": accepted}


def crowd(folder: Path, children: int, each: int) -> dict[str, object]:
    pool = open_pool(folder)
    scan = add_scan(pool, tiny_ct(), Subject("patient 0")).scan

    def submit(number: int, say: Callable[[str], None]) -> None:
        for turn in range(each):
            say(submit_reading(pool, scan, tiny_reading(f"R{number}", turn)).id)

    started = [child(functools.partial(submit, number)) for number in range(children)]
    codes = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid, _ in started]
    return {"codes": codes, "accepted": [name for _, pipe in started for name in said(pipe)]}


def main() -> None:
    mode, folder, first, second = sys.argv[1:]
    done = (kill if mode == "kill" else crowd)(Path(folder), int(first), int(second))
    sys.stdout.write(json.dumps(done) + "\n")


if __name__ == "__main__":
    main()
