"""Weigh an image as a registry ships it, and hold it to the team's budget; the biggest files are named."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from lockstep_tool.environments.finding import Finding
from lockstep_tool.images.budget import Budget
from lockstep_tool.images.contents import Contents
from lockstep_tool.images.saved import Saved

__all__ = ["measured", "weighed"]

MOST = 5  # files that are named


def measured(image: Saved, kept: Path) -> list[int]:
    """Compressed bytes of each layer; `kept` remembers them by digest, because compressing takes seconds."""
    try:
        known: dict[str, int] = json.loads(kept.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        known = {}
    new = {layer.digest: layer for layer in image.layers if layer.digest not in known}
    with ThreadPoolExecutor() as pool:  # zlib lets the others work
        known |= dict(zip(new, pool.map(lambda layer: layer.compressed(), new.values()), strict=True))
    kept.parent.mkdir(exist_ok=True)
    sizes = {layer.digest: known[layer.digest] for layer in image.layers}
    kept.write_text(json.dumps(sizes, indent=1) + "\n", encoding="utf-8")
    return [sizes[layer.digest] for layer in image.layers]


def weighed(sizes: list[int], contents: Contents, budget: Budget) -> Iterator[Finding]:
    """What is beyond the budget."""
    whole, own = sum(sizes) / 1e6, len(sizes) - contents.below
    if whole > budget.max_megabytes:
        files = sorted(contents.files.values(), key=lambda file: -file.member.size)[:MOST]
        biggest = ", ".join(f"/{file.path} {file.member.size / 1e6:.1f} MB" for file in files)
        yield Finding("image size", f"{whole:.1f} MB compressed, at most {budget.max_megabytes:g}; biggest: {biggest}")
    if own > budget.max_layers:
        numbers = ", ".join(f"{size / 1e6:.1f}" for size in sizes[contents.below :])
        yield Finding("image layers", f"{own} above the base, at most {budget.max_layers}; in MB: {numbers}")
