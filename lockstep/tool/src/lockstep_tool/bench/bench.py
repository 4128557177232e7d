"""Measure this service under every server model that fits its framework, side by side, on this machine.

Writes one page with plots and a recommendation, and the figures beside it as JSON. Everything is on 127.0.0.1.
"""

import argparse
import json
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from lockstep_serve.errors import DIFFERENT, SAME
from lockstep_tool.bench.choosing import measure_models
from lockstep_tool.bench.page import render_page

__all__ = ["main"]

PAGE = Path(".nox", "report", "bench.html")


def main(words: Sequence[str]) -> int:
    """0 when this service's own model was measured, 1 when it was not; raises Refusal."""
    options = parse_words(words)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that every server is ended
    root = Path.cwd()
    seconds = options.seconds or (12.0 if options.quick else 90.0)
    document = measure_models(root, options.models, seconds, quick=options.quick, template=options.template)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(render_page(document, f"{root.name}: which server model?"), encoding="utf-8")
    figures = options.out.with_suffix(".json")
    figures.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    for name, why in document["not_measured"].items():
        print(f"  ✗ {name} was not measured: {why}")
    for reason in document["recommendation"]["because"]:
        print(f"  · {reason}")
    print(f"recommended: {document['recommendation']['model'] or 'none'}\npage: {options.out}\nfigures: {figures}")
    return SAME if document["model"] in document["models"] else DIFFERENT


def parse_words(words: Sequence[str]) -> argparse.Namespace:
    options = argparse.ArgumentParser(prog="uv run noxfile.py -s bench --", description=__doc__)
    options.add_argument(
        "--quick", action="store_true", help="fewer cells, two rounds: about a minute, once the environments are there"
    )
    options.add_argument("--seconds", type=float, help="of load in total, for all models; default 90, with --quick 12")
    options.add_argument("--models", type=lambda names: names.split(","), default=(), help="only these, separated by commas")
    options.add_argument("--template", help="where the template is, when its address cannot be reached")
    options.add_argument("--out", type=Path, default=PAGE, help="the page to write")
    return options.parse_args(words)
