"""The example, whole: an order goes in by HTTP, and independent clients find it in every sidecar."""

from __future__ import annotations

import hashlib
import html
import re
import shutil
import smtplib
import subprocess
import sys
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.command_line import ROOT, Cli
from tests.e2e.clients import addresses, redis_at, rows
from tests.e2e.engine import all_containers, containers, inspected, published, remove_everything_below, starts
from tests.testbed.containers import wait_for

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory, session_cli: Cli) -> Iterator[Path]:
    """A copy of examples/shop that is up for all tests of this module."""
    folder = Path(shutil.copytree(ROOT / "examples/shop", tmp_path_factory.mktemp("example") / "shop"))
    try:
        result = session_cli("up", "-d", "--timeout", "180", cwd=folder, timeout=400)
        assert result.code == 0, result.err
        yield folder
    finally:
        remove_everything_below(folder)


@pytest.fixture
def here(root: Path, session_cli: Cli) -> Cli:
    """The command line in the shop."""
    return Cli(root, session_cli.env)


@pytest.fixture
def env(here: Cli, root: Path) -> dict[str, str]:
    """The addresses for this machine."""
    return addresses(here, root)


@pytest.fixture
def shop(root: Path) -> Iterator[httpx.Client]:
    """A client of the shop, at the port that the engine published."""
    port = published(containers(root)["web"])[8000][1]
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=20) as client:
        yield client


def confirmed(shop: httpx.Client, item: str) -> dict[str, Any]:
    """Place an order and wait until the worker has dealt with it."""
    answer = shop.post("/orders", json={"customer_email": "ada@example.com", "item": item, "quantity": 3})
    assert answer.status_code == 201, answer.text
    path = f"/orders/{answer.json()['id']}"

    def done() -> dict[str, Any] | None:
        order: dict[str, Any] = shop.get(path).json()
        return order if order["status"] == "confirmed" else None

    return wait_for(done, 30)


def test_an_order_reaches_postgres_redis_s3_and_the_mailbox(shop: httpx.Client, env: dict[str, str]) -> None:
    order = confirmed(shop, "Größter Tee ☕")
    found = rows(env, f"select customer_email, item, quantity, status from orders where id = {order['id']}")
    assert found == [("ada@example.com", "Größter Tee ☕", 3, "confirmed")]
    assert shop.get(f"/orders/{order['id']}").headers["x-cache"] == "hit"
    with redis_at(env) as client:
        assert "Tee" in str(client.get(f"shop:order:{order['id']}"))
    receipt = with_boto3(env, "print(s3.get_object(Bucket=bucket, Key=sys.argv[1])['Body'].read().decode())",
                         f"orders/{order['id']}.txt")  # fmt: skip
    assert "3 x Größter Tee ☕" in receipt
    mails = httpx.get(f"{env['MAILPIT_URL']}/api/v1/messages", timeout=20).json()["messages"]
    assert f"Your order no. {order['id']}" in [mail["Subject"] for mail in mails]


def with_boto3(env: dict[str, str], script: str, *arguments: str) -> str:
    """Run a script with boto3 as anybody would: its defaults, and the exported environment."""
    head = "import boto3, os, sys\ns3, bucket = boto3.client('s3'), os.environ['S3_BUCKET']\n"
    done = subprocess.run(
        [sys.executable, "-c", head + script, *arguments],
        env={**env, "PATH": "/usr/bin:/bin", "PYTHONUTF8": "1"},
        capture_output=True,
        encoding="utf-8",
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_boto3_uploads_in_parts_with_its_own_defaults(env: dict[str, str], tmp_path: Path) -> None:
    """Today's boto3 adds checksums that this S3 refuses; the exported environment turns that off."""
    content = b"".join(hashlib.sha256(str(n).encode()).digest() for n in range(700_000))
    (tmp_path / "large").write_bytes(content)
    script = "s3.upload_file(sys.argv[1], bucket, 'large'); s3.download_file(bucket, 'large', sys.argv[1] + '.back')\n"
    script += "print(s3.head_object(Bucket=bucket, Key='large')['ETag'])"
    etag = with_boto3(env, script, str(tmp_path / "large"))
    assert re.search(r"-\d+\"?$", etag), "not sent in parts"
    assert (tmp_path / "large.back").read_bytes() == content


def test_a_mail_sent_from_this_machine_arrives(env: dict[str, str]) -> None:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "me@example.com", "you@example.com", "from outside"
    message.set_content("hello")
    with smtplib.SMTP(env["SMTP_HOST"], int(env["SMTP_PORT"]), timeout=20) as client:
        client.send_message(message)
    found = httpx.get(f"{env['MAILPIT_URL']}/api/v1/search", params={"query": "subject:outside"}, timeout=20).json()
    assert [mail["Subject"] for mail in found["messages"]] == ["from outside"]


def fields(page: str) -> dict[str, str]:
    """Every form field of a page with its value."""
    found = {}
    for tag in re.findall(r"<(?:input|option)[^>]*>", page):
        name, value = re.search(r"""name=["']([^"']*)""", tag), re.search(r"""value=["']([^"']*)""", tag)
        if name:
            found[name[1]] = html.unescape(value[1]) if value else ""
    return found


def test_adminer_opens_the_projects_database_with_one_click(here: Cli, env: dict[str, str]) -> None:
    services = {service["name"]: service for service in here("status", "--json").json()["services"]}
    url = services["adminer"]["addresses"][0]["url"]
    with httpx.Client(timeout=20, follow_redirects=True) as browser:
        form = fields(browser.get(url).text)
        assert form["auth[server]"] == "postgres"
        assert form["auth[username]"] == env["PGUSER"]
        assert form["auth[db]"] == env["PGDATABASE"]
        typed = {name: value for name, value in form.items() if name.startswith(("auth[", "token"))}
        page = browser.post(url, data={**typed, "auth[driver]": "pgsql", "auth[password]": env["PGPASSWORD"]})
        assert page.status_code == 200
        assert "schema_migrations" in page.text
        assert "orders" in page.text
    foreign = httpx.get(url, headers={"Host": "evil.example"}, timeout=20)
    assert foreign.status_code == 403
    assert env["PGPASSWORD"] not in foreign.text


def test_status_as_json_is_what_the_engine_says(here: Cli, root: Path) -> None:
    status = here("status", "--json").json()
    assert set(status) == {"project", "engine", "services", "watcher"}
    assert status["engine"] == "compose"
    services = {service["name"]: service for service in status["services"]}
    found = containers(root)
    assert set(services) | {"web.setup"} == set(found)
    assert {service["state"] for service in services.values()} == {"ready"}
    assert {name for name, service in services.items() if service["role"] == "app"} == {"web", "worker"}
    for name, service in services.items():
        assert service["since"] == found[name]["State"]["StartedAt"]
        assert service["image"] == found[name]["Config"]["Image"]
        assert {(a["host"], a["port"]) for a in service["addresses"]} == set(published(found[name]).values())


def test_the_app_differs_from_its_image_in_declared_things_only(here: Cli, root: Path) -> None:
    command = {"web": None, "worker": ["python", "-m", "shop.worker"]}
    for name, declared in command.items():
        container = containers(root)[name]
        (image,) = inspected("image", container["Image"])
        ran, built = container["Config"], image["Config"]
        for key in ("User", "WorkingDir", "Entrypoint", "StopSignal", "Volumes"):
            assert ran.get(key) == built.get(key), key
        assert ran["Cmd"] == (declared or built["Cmd"])
        own = here("env", name, "--for", "network", "--format", "json").json()
        assert dict(entry.split("=", 1) for entry in ran["Env"]) == (
            dict(entry.split("=", 1) for entry in built["Env"]) | own
        )
        assert container["Mounts"] == []
        host = container["HostConfig"]
        assert (host["Privileged"], host["CapAdd"], host["Devices"], host["Binds"]) == (False, None, None, None)
        assert (host["PidMode"], host["UsernsMode"], host.get("Init"), host["ReadonlyRootfs"]) == ("", "", None, False)
        assert here("exec", name, "--", "id", "-u").out.strip() == "10001"


def test_the_addresses_inside_the_network_are_the_services_names(here: Cli) -> None:
    inside = here("env", "--for", "network", "--format", "json").json()
    assert (inside["PGHOST"], inside["PGPORT"]) == ("postgres", "5432")
    script = "import os, psycopg; print(psycopg.connect(os.environ['DATABASE_URL']).execute('select 7').fetchone()[0])"
    assert here("exec", "web", "--", "python", "-c", script).out.strip() == "7"


def test_a_second_up_changes_nothing(here: Cli, root: Path) -> None:
    before, every = starts(root), {item["Id"] for item in all_containers(root)}
    assert here("up", "-d").code == 0
    assert starts(root) == before
    assert {item["Id"] for item in all_containers(root)} == every


def test_orders_receipts_and_mails_survive_down_and_up(here: Cli, shop: httpx.Client, root: Path) -> None:
    """Last in this module: the ports stay, so the same client goes on."""
    order = confirmed(shop, "lasting tea")
    assert here("down").code == 0
    assert all_containers(root) == []
    assert here("up", "-d", timeout=240).code == 0
    assert shop.get(f"/orders/{order['id']}").json()["item"] == "lasting tea"
    assert "3 x lasting tea" in shop.get(f"/orders/{order['id']}/receipt").text
    mails = httpx.get(f"{addresses(here, root)['MAILPIT_URL']}/api/v1/messages", timeout=20).json()["messages"]
    assert f"Your order no. {order['id']}" in [mail["Subject"] for mail in mails]
