"""Every request has an id, and every answer says it."""

import httpx2
import pytest


@pytest.mark.parametrize("said", ["abc-123", "0a1b2c3d.4_5", "x" * 64])
def test_a_usable_id_is_kept(client: httpx2.Client, said: str) -> None:
    response = client.get("/health/live", headers={"X-Request-ID": said})

    assert response.headers.get_list("x-request-id") == [said]


@pytest.mark.parametrize("said", ["", "x" * 65, "two words", "a%0d%0ab", 'a"b', "a,b", "<b>"])
def test_an_unusable_id_is_replaced(client: httpx2.Client, said: str) -> None:
    response = client.get("/health/live", headers={"X-Request-ID": said})

    [made] = response.headers.get_list("x-request-id")
    assert made != said
    assert len(made) == 32


def test_two_requests_have_two_ids(client: httpx2.Client) -> None:
    first, second = (client.get("/health/live").headers["x-request-id"] for _ in range(2))

    assert first != second


def test_even_an_unknown_path_is_answered_with_an_id(client: httpx2.Client) -> None:
    assert client.get("/nowhere", headers={"X-Request-ID": "abc"}).headers["x-request-id"] == "abc"
