"""Render."""

import json
from typing import Any


def render_page(kept: Any) -> str:
    return json.dumps(kept, indent=1)
