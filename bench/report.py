"""What the benchmarks share in telling what they found: where numbers are kept, and how they are shown."""

import statistics
import sys
from pathlib import Path

RESULTS = Path(__file__).parent / "results"


def say(text):
    print(text, file=sys.stderr, flush=True)


def spread(values):
    """Median, least and most."""
    return {"median": statistics.median(values), "min": min(values), "max": max(values)}


def number(value):
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"
