"""Faults at random, against a whole installation of its own, and an audit of what is left: `python -m benchmarks.chaos`."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PLACE = ROOT / "var" / "benchmarks" / "chaos"
"""Results, one file for each database."""
