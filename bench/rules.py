"""How long a rules file takes to load and validate, beside PyYAML's C loader on the same bytes, alternately.

    python bench/rules.py [SEGMENTS ...]        10, 1,000 and 10,000 by default

Exits 1 when loading takes longer than PyYAML's loader alone on the largest file.
"""

from __future__ import annotations

import sys
import time
from statistics import median
from typing import TYPE_CHECKING

import yaml

from guard.rules.load import parse_rules

if TYPE_CHECKING:
    from collections.abc import Callable

SEGMENT = """\
  segment-{index:05}:
    uuid: {index:08x}-8c6f-4e14-8a2c-744477e1fdef
    description: People of group {index} who opened a newsletter
    owner: crm@example.com
    tags: [newsletter, group-{tag}]
    channels:
      users: {{max: 500_000}}
      email: {{min: 10_000, max: 50000, warn: {{min: 12_000, max: 45_000}}, share: {{min: 60%}}}}
      sms: {{min: 2_000, severity: warn}}
"""
FEWEST_RUNS, SECONDS_PER_SIZE = 5, 2.0


def rules_of(segments: int) -> bytes:
    body = "".join(SEGMENT.format(index=index, tag=index % 10) for index in range(segments))
    return f"version: 1\nsegments:\n{body}".encode()


def seconds(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def compare(segments: int) -> float:
    data = rules_of(segments)
    ours: list[float] = []
    theirs: list[float] = []
    while len(ours) < FEWEST_RUNS or sum(ours) + sum(theirs) < SECONDS_PER_SIZE:
        ours.append(seconds(lambda: parse_rules(data, "rules.yaml")))
        theirs.append(seconds(lambda: yaml.load(data, yaml.CSafeLoader)))
    ratio = median(ours) / median(theirs)
    print(
        f"{segments:>6,} segments, {len(data) / 1024:>7,.0f} KiB: load_rules {median(ours) * 1000:>8,.1f} ms, "
        f"yaml.CSafeLoader {median(theirs) * 1000:>8,.1f} ms, ratio {ratio:.2f}  ({len(ours)} runs each)"
    )
    return ratio


def main() -> int:
    sizes = [int(size) for size in sys.argv[1:]] or [10, 1_000, 10_000]
    ratios = [compare(size) for size in sizes]
    return int(ratios[-1] >= 1)


if __name__ == "__main__":
    sys.exit(main())
