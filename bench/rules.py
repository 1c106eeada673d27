"""How long a rules file takes to load and validate, beside PyYAML's C loader alone on the same bytes.

python -m bench.rules            about half a minute
"""

from __future__ import annotations

from functools import partial
from statistics import median

import yaml

from bench.lab import QUICK, interleaved, save, seconds_of_cpu
from guard.rules.load import parse_rules

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
ROUNDS = {10: 200, 1_000: 15, 10_000: 5}


def rules_of(segments: int) -> bytes:
    """Return a rules file of so many segments, three guards each."""
    body = "".join(SEGMENT.format(index=index, tag=index % 10) for index in range(segments))
    return f"version: 1\nsegments:\n{body}".encode()


def row(segments: int, rounds: int) -> dict[str, float]:
    data = rules_of(segments)
    works = {"ours": partial(parse_rules, data, "rules.yaml"), "theirs": partial(yaml.load, data, yaml.CSafeLoader)}
    seconds = interleaved(
        {name: partial(seconds_of_cpu, work) for name, work in works.items()},
        lambda _: min(rounds, 2) if QUICK else rounds,
    )
    ratio = round(median(seconds["ours"]) / median(seconds["theirs"]), 2)
    return {"segments": segments, "kib": len(data) // 1024, "rounds": rounds, "times_loader": ratio}


def main() -> None:
    rows = []
    for segments, rounds in ROUNDS.items():
        rows.append(row(segments, rounds))
        print(rows[-1], flush=True)
    save("rules", rows)


if __name__ == "__main__":
    main()
