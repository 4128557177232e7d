"""A required setting and a secret: what the how-to says works in every framework."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from conftest import Render
from pages import read_page
from reader import Reader
from services import Service

PAGE = Path(__file__).parents[1] / "docs" / "how-to" / "add-a-setting-or-a-secret.md"
OTHERS: Mapping[str, Mapping[str, object]] = {  # test_docs follows it in FastAPI
    "flask": {"project_name": "orders-api", "framework": "flask", "deploy": ["compose"]},
    "django": {"project_name": "orders-api", "framework": "django", "deploy": ["compose"]},
}


@pytest.mark.parametrize("framework", OTHERS)
def test_a_reader_can_add_a_setting(render: Render, framework: str, tmp_path: Path) -> None:
    service = Service(render(OTHERS[framework]), {}).copy(tmp_path / "service")

    Reader(service.path, {}, tmp_path).follow(read_page(PAGE))
