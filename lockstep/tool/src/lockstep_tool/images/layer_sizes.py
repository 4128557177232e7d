"""Measure what an image's layers weigh as a registry ships them."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from lockstep_tool.images.saved import SavedImage

__all__ = ["measure_layers"]


def measure_layers(image: SavedImage, file: Path) -> list[int]:
    """Compressed bytes of each layer; `file` remembers them by digest, because compressing takes seconds."""
    try:
        known: dict[str, int] = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        known = {}
    new = {layer.digest: layer for layer in image.layers if layer.digest not in known}
    with ThreadPoolExecutor() as pool:  # zlib lets the others work
        known |= dict(zip(new, pool.map(lambda layer: layer.compressed(), new.values()), strict=True))
    file.parent.mkdir(parents=True, exist_ok=True)
    sizes = {layer.digest: known[layer.digest] for layer in image.layers}
    file.write_text(json.dumps(sizes, indent=1) + "\n", encoding="utf-8")
    return [sizes[layer.digest] for layer in image.layers]
