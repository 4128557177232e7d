"""Tests of the environment tool's rooms, imported in place: they need no rendering."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "template" / "src"))
