"""Timing and printing, shared by the benches."""

from __future__ import annotations

import json
import platform
import statistics
import sys
import time
from collections.abc import Callable
from importlib.metadata import version


def environment(*packages: str) -> None:
    """Print what is being measured on."""
    row = {"python": platform.python_version(), "machine": platform.machine(), "processor": platform.processor()}
    print(json.dumps(row | {name: version(name) for name in packages}))


def seconds(work: Callable[[], object], *, runs: int = 7) -> tuple[float, float]:
    """Median and minimum of CPU seconds, after one run to warm up."""
    work()
    taken = []
    for _ in range(runs):
        began = time.process_time()
        work()
        taken.append(time.process_time() - began)
    return statistics.median(taken), min(taken)


def row(**values: object) -> None:
    """Print one case."""
    print(json.dumps({name: round(value, 4) if isinstance(value, float) else value for name, value in values.items()}))
    sys.stdout.flush()
