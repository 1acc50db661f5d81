"""Whether the images other than postgres, real or look-alike, keep what the official ones promise."""

from __future__ import annotations

import json
import smtplib
from collections.abc import Iterator
from email.message import EmailMessage

import pytest

from .containers import Container, Docker, need, wait_for

pytestmark = pytest.mark.engine

REDIS = "redis:8"
S3MOCK = "adobe/s3mock:5.2.0"
MAILPIT = "axllent/mailpit:v1.30"
ADMINER = "adminer:5"


# redis


def redis_is_up(server: Container) -> None:
    wait_for(lambda: "Ready to accept connections tcp" in server.logs())


def test_redis_knows_no_password_variable(docker: Docker) -> None:
    with docker.container(need(docker, REDIS), options=["-e", "REDIS_PASSWORD=x"]) as server:
        redis_is_up(server)
        address = server.address()
        with docker.container(REDIS, "sleep", "60") as guest:
            assert guest.run("redis-cli", "-e", "-h", address, "ping").out.strip() == "PONG"
        ids = server.run("sh", "-c", "grep -E '^(Name|Uid)' /proc/1/status").out.split()
        assert ids[:3] == ["Name:", "redis-server", "Uid:"]
        assert set(ids[3:]) == {"999"}


@pytest.mark.parametrize("command", [("redis-server", "--requirepass", "x"), ("--requirepass", "x")])
def test_redis_refuses_without_the_password(docker: Docker, command: tuple[str, ...]) -> None:
    with docker.container(need(docker, REDIS), *command) as server:
        redis_is_up(server)
        plain, strict = server.run("redis-cli", "ping"), server.run("redis-cli", "-e", "ping")
        assert plain.code == 0
        assert "NOAUTH" in plain.out
        assert strict.code == 1
        assert server.run("redis-cli", "-e", "ping", env={"REDISCLI_AUTH": "x"}).out.strip() == "PONG"


def test_redis_declares_no_volume_and_saves_when_stopped(docker: Docker) -> None:
    with docker.container(need(docker, REDIS), "--save", "60", "1") as server:
        redis_is_up(server)
        assert docker.must("inspect", "--format", "{{len .Mounts}}", server.id) == "0"
        assert server.run("redis-cli", "set", "a", "b").out.strip() == "OK"
        assert server.stop() == 0
        server.start()
        wait_for(lambda: server.run("redis-cli", "-e", "ping").code == 0)
        assert server.run("redis-cli", "get", "a").out.strip() == "b"
        assert server.run("stat", "-c", "%a %u", "/data/dump.rdb").out.split() == ["600", "999"]


# s3mock

STORE = "COM_ADOBE_TESTING_S3MOCK_STORE"


@pytest.fixture(scope="module")
def s3mock(docker: Docker) -> Iterator[Container]:
    options = ["--expose", "9090", "-e", f"{STORE}_INITIAL_BUCKETS=one, ,two"]
    with docker.container(need(docker, S3MOCK), options=options) as server:
        server.http_answers(9090, "/favicon.ico")
        yield server


def test_s3mock_is_ready_when_its_icon_is_there(s3mock: Container) -> None:
    assert s3mock.http(9090, "/favicon.ico").text == ""


def test_s3mock_makes_the_first_buckets(s3mock: Container) -> None:
    listing = s3mock.http(9090, "/").text
    assert listing.count("<Name>") == 2
    assert "<Name>one</Name>" in listing
    assert "<Name>two</Name>" in listing


def test_s3mock_takes_any_credentials(s3mock: Container) -> None:
    scope = "Credential=nobody/20260101/us-east-1/s3/aws4_request"
    headers = {"Authorization": f"AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=00"}
    assert s3mock.http(9090, "/one/key", "PUT", body=b"body", headers=headers).status == 200
    assert s3mock.http(9090, "/one/key", headers=headers).text == "body"


def test_s3mock_tells_a_missing_bucket(s3mock: Container) -> None:
    answer = s3mock.http(9090, "/missing/key")
    assert answer.status == 404
    assert "<Code>NoSuchBucket</Code>" in answer.text


def test_s3mock_keeps_its_store_in_a_temporary_folder(docker: Docker, s3mock: Container) -> None:
    """That a graceful stop wipes it is documented, but 5.2.0 makes its cleaner lazily, which is never."""
    assert s3mock.http(9090, "/").status == 200
    assert "s3mockFileStore" in docker.must("cp", f"{s3mock.id}:/tmp", "-")
    assert docker.must("inspect", "--format", "{{len .Mounts}}", s3mock.id) == "0"


# mailpit


@pytest.fixture
def mailpit(docker: Docker) -> Iterator[Container]:
    with docker.container(need(docker, MAILPIT)) as server:
        server.http_answers(8025, "/readyz")
        yield server


def send(server: Container, subject: str) -> None:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "app@shop.test", "anyone@anywhere.test", subject
    message.set_content("hello")
    with smtplib.SMTP("127.0.0.1", server.port(1025), timeout=10) as client:
        client.ehlo()
        assert not client.has_extn("auth")
        assert not client.has_extn("starttls")
        client.send_message(message)


def test_mailpit_takes_any_mail_shows_it_and_forgets_it(mailpit: Container) -> None:
    wait_for(lambda: "starting on [::]:1025" in mailpit.logs())
    send(mailpit, "first")
    send(mailpit, "second")
    box = json.loads(mailpit.http(8025, "/api/v1/messages").text)
    assert box["total"] == box["unread"] == 2
    assert [mail["Subject"] for mail in box["messages"]] == ["second", "first"]
    assert mailpit.http(8025, "/view/latest").headers["Location"] == f"/view/{box['messages'][0]['ID']}"
    assert mailpit.http(8025, "/view/latest.txt").text.strip() == "hello"
    assert mailpit.http(8025, "/api/v1/messages", "DELETE").text == "ok"
    assert json.loads(mailpit.http(8025, "/api/v1/messages").text)["total"] == 0
    assert mailpit.http(8025, "/api/v1/message/latest").status == 404


def test_mailpit_becomes_healthy_by_itself(mailpit: Container) -> None:
    wait_for(lambda: mailpit.state("Health.Status") == "healthy")
    assert mailpit.run("/mailpit", "readyz").code == 0
    assert mailpit.run("/mailpit", "readyz", env={"MP_UI_BIND_ADDR": "127.0.0.1:8026"}).code == 1


def test_mailpit_probes_are_outside_its_password(docker: Docker) -> None:
    with docker.container(need(docker, MAILPIT), options=["-e", "MP_UI_AUTH=joe:secret"]) as server:
        assert server.http_answers(8025, "/readyz").text == ""
        assert server.http(8025, "/livez").status == 200
        assert server.http(8025, "/api/v1/messages").status == 401
        assert server.stop() == 0


# adminer


@pytest.fixture(scope="module")
def adminer(docker: Docker) -> Iterator[Container]:
    with docker.container(need(docker, ADMINER)) as server:
        server.http_answers(8080, "/")
        yield server


def test_adminer_prefills_the_server_and_needs_none(adminer: Container) -> None:
    assert 'name="auth[server]" value="db"' in adminer.http(8080, "/").text


def test_adminer_takes_a_default_server(docker: Docker) -> None:
    with docker.container(need(docker, ADMINER), options=["-e", "ADMINER_DEFAULT_SERVER=postgres"]) as server:
        assert 'name="auth[server]" value="postgres"' in server.http_answers(8080, "/").text
        assert server.stop() == 0


def test_adminer_answers_403_before_the_login(adminer: Container) -> None:
    answer = adminer.http(8080, "/?pgsql=db&username=joe")
    assert answer.status == 403
    assert "auth[password]" in answer.text
