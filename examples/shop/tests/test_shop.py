"""What a customer can rely on. A worker may be running beside these tests, or not."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient

from shop import migrate, worker

TEA = {"customer_email": "ada@example.com", "item": "Oolong", "quantity": 2}


def test_all_services_answer(client: TestClient) -> None:
    response = client.get("/healthz")
    assert response.json() == {"postgres": "ok", "redis": "ok", "s3": "ok", "smtp": "ok"}
    assert response.status_code == 200


def test_migrating_again_changes_nothing(client: TestClient) -> None:
    assert migrate.migrate() == []


def test_an_order_is_stored_and_then_cached(client: TestClient) -> None:
    created = client.post("/orders", json=TEA)
    assert created.status_code == 201
    path = f"/orders/{created.json()['id']}"
    first, second = client.get(path), client.get(path)
    assert (first.headers["x-cache"], second.headers["x-cache"]) == ("miss", "hit")
    assert first.json() == second.json()
    assert TEA.items() <= first.json().items()


def test_the_worker_confirms_an_order(client: TestClient) -> None:
    order_id = client.post("/orders", json=TEA).json()["id"]
    worker.confirm(order_id)
    assert client.get(f"/orders/{order_id}").json()["status"] == "confirmed"
    receipt = client.get(f"/orders/{order_id}/receipt")
    assert receipt.headers["content-type"] == "text/plain; charset=utf-8"
    assert "2 x Oolong" in receipt.text


def test_the_customer_gets_one_mail(client: TestClient, mails_to: Callable[[str], list[str]]) -> None:
    customer = f"{uuid4()}@example.com"
    order_id = client.post("/orders", json=TEA | {"customer_email": customer}).json()["id"]
    worker.confirm(order_id)
    worker.confirm(order_id)
    (text,) = mails_to(customer)
    assert f"Receipt no. {order_id}" in text
    assert "2 x Oolong" in text


def test_the_page_takes_an_order_and_shows_it(client: TestClient) -> None:
    page = client.post("/", data=TEA | {"item": "<b>Sencha</b>"})
    assert page.status_code == 200
    assert "&lt;b&gt;Sencha&lt;/b&gt;" in page.text


@pytest.mark.parametrize(
    "wrong", [{"customer_email": "nobody"}, {"item": ""}, {"item": "two\nlines"}, {"quantity": 0}, {"quantity": 101}]
)
def test_nonsense_is_refused(client: TestClient, wrong: dict[str, str | int]) -> None:
    assert client.post("/orders", json=TEA | wrong).status_code == 422


@pytest.mark.parametrize("path", ["/orders/9223372036854775807", "/orders/9223372036854775807/receipt"])
def test_what_is_not_there_is_not_found(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 404
