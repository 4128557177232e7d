"""The example endpoints; replace this file together with them."""

import httpx2


def test_the_front_page_names_the_service(client: httpx2.Client, package: str) -> None:
    response = client.get("/")

    assert response.status_code == 200
    assert response.json()["service"].replace("-", "_") == package


def test_hello_greets_by_name(client: httpx2.Client) -> None:
    response = client.get("/hello/Ada")

    assert response.status_code == 200
    assert response.json() == {"message": "Hello, Ada!"}
