"""The order of the test modules."""

import pytest

# What takes longest is begun first, so that at the end no test process waits for another.
LONGEST = (
    "test_environment_checks", "test_restarting", "test_upgrade", "test_update", "test_probe", "test_planted", "test_failing",
    "test_sync", "test_proposing", "test_allowed", "test_lock_registry", "test_upgrade_proposal", "test_tool_wheels",
    "test_ending", "test_relock", "test_detaching", "test_taking_over", "test_server_switch", "test_answers_of_environments",
    "test_parity_session", "test_lines", "test_check", "test_addresses", "test_stopping", "test_plain_server",
    "test_steps_of_restarts", "test_measuring", "test_lasting", "test_siblings", "test_websockets", "test_refusals",
    "test_serving", "test_prove", "test_planted_in_services", "test_metrics", "test_limits", "test_connections",
    "test_steps_of_serving", "test_steps_of_the_loop",
)  # fmt: skip


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sort modules, and leave the order in each."""
    places = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.path.stem, len(places)))
