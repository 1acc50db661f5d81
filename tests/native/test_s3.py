"""The S3 without containers under boto3 as it comes: nothing but the exported environment tells it anything."""

from __future__ import annotations

import hashlib
import io
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import httpx
import psutil
import pytest
from botocore.exceptions import ClientError

from tests.command_line import Cli, isolated
from tests.conftest import write_files
from tests.contract.conftest import CHOSEN_BY, Subject
from tests.native.machine import end_everything_below, processes, project_of, until

pytestmark = pytest.mark.servers

MANIFEST = '[sidecars.s3mock]\nbuckets = ["receipts", "up.loads"]\n'
BUCKET = "receipts"
MIB = 1 << 20


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Subject]:
    """One project for all tests here that do not end it."""
    folder = tmp_path_factory.mktemp("s3")
    cli = Cli(folder, {**isolated(folder, engine=False), **CHOSEN_BY["native"]})
    subject = Subject("native", cli, write_files(folder / "shop", {"devenv.toml": MANIFEST}))
    subject("up", "-d")
    yield subject
    end_everything_below(folder, cli)


@pytest.fixture
def connect(monkeypatch: pytest.MonkeyPatch) -> Callable[[Subject], Any]:
    """A client made of what `devenv env` prints, and of nothing else."""

    def client(subject: Subject, **instead: str) -> Any:
        for name, value in {**subject.env(), **instead}.items():
            monkeypatch.setenv(name, value)
        return boto3.session.Session().client("s3")

    return client


@pytest.fixture
def s3(shop: Subject, connect: Callable[[Subject], Any]) -> Any:
    return connect(shop)


def refusal(call: Callable[[], Any]) -> str:
    """The code with which a call is refused."""
    with pytest.raises(ClientError) as refused:
        call()
    return str(refused.value.response["Error"]["Code"])


def text(answer: Any) -> bytes:
    content: bytes = answer["Body"].read()
    return content


def test_the_buckets_of_the_manifest_are_there_at_once(shop: Subject, s3: Any) -> None:
    assert {each["Name"] for each in s3.list_buckets()["Buckets"]} == {"receipts", "up.loads"}
    assert shop.env()["S3_BUCKET"] == BUCKET
    assert refusal(lambda: s3.put_object(Bucket="another", Key="k", Body=b"")) == "NoSuchBucket"


def test_put_get_range_and_delete(s3: Any) -> None:
    put = s3.put_object(
        Bucket=BUCKET, Key="a b/ü+%.txt", Body=b"0123456789", ContentType="text/x-y", Metadata={"who": "ada"}
    )
    got = s3.get_object(Bucket=BUCKET, Key="a b/ü+%.txt")
    assert text(got) == b"0123456789"
    assert (got["ETag"], got["ContentType"], got["Metadata"]) == (put["ETag"], "text/x-y", {"who": "ada"})
    part = s3.get_object(Bucket=BUCKET, Key="a b/ü+%.txt", Range="bytes=2-4")
    assert (text(part), part["ContentRange"]) == (b"234", "bytes 2-4/10")
    assert text(s3.get_object(Bucket=BUCKET, Key="a b/ü+%.txt", Range="bytes=-3")) == b"789"
    s3.delete_object(Bucket=BUCKET, Key="a b/ü+%.txt")
    assert refusal(lambda: s3.get_object(Bucket=BUCKET, Key="a b/ü+%.txt")) == "NoSuchKey"
    assert refusal(lambda: s3.head_object(Bucket=BUCKET, Key="a b/ü+%.txt")) == "404"
    s3.delete_object(Bucket=BUCKET, Key="never was there")


def test_lists_come_in_order_with_folders_and_page_by_page(s3: Any) -> None:
    names = [f"list/{number:02}" for number in range(12)] + ["list/sub/x", "list/sub/y"]
    for name in reversed(names):
        s3.put_object(Bucket=BUCKET, Key=name, Body=b"x")
    pages = s3.get_paginator("list_objects_v2").paginate(
        Bucket=BUCKET, Prefix="list/", PaginationConfig={"PageSize": 5}
    )
    assert [each["Key"] for page in pages for each in page["Contents"]] == names
    found = s3.list_objects_v2(Bucket=BUCKET, Prefix="list/", Delimiter="/")
    assert [each["Prefix"] for each in found["CommonPrefixes"]] == ["list/sub/"]
    assert [each["Key"] for each in found["Contents"]] == names[:12]
    gone = s3.delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": name} for name in names]})
    assert len(gone["Deleted"]) == len(names)
    assert s3.list_objects_v2(Bucket=BUCKET, Prefix="list/")["KeyCount"] == 0


def test_a_large_file_goes_in_parts(s3: Any, tmp_path: Path) -> None:
    content = os.urandom(20 * MIB)
    (tmp_path / "large").write_bytes(content)
    s3.upload_file(str(tmp_path / "large"), BUCKET, "large", ExtraArgs={"Metadata": {"kind": "large"}})
    head = s3.head_object(Bucket=BUCKET, Key="large")
    assert head["ContentLength"] == len(content)
    assert head["ETag"].strip('"').endswith("-3")  # boto3's parts have 8 MiB
    assert head["Metadata"] == {"kind": "large"}
    s3.download_file(BUCKET, "large", str(tmp_path / "back"))
    assert hashlib.sha256((tmp_path / "back").read_bytes()).digest() == hashlib.sha256(content).digest()
    part = s3.get_object(Bucket=BUCKET, Key="large", Range=f"bytes={8 * MIB - 2}-{8 * MIB + 1}")
    assert text(part) == content[8 * MIB - 2 : 8 * MIB + 2]


def test_parts_can_be_listed_and_given_up(s3: Any) -> None:
    upload = s3.create_multipart_upload(Bucket=BUCKET, Key="parts")["UploadId"]
    s3.upload_part(Bucket=BUCKET, Key="parts", UploadId=upload, PartNumber=1, Body=b"x" * 5 * MIB)
    assert [each["Size"] for each in s3.list_parts(Bucket=BUCKET, Key="parts", UploadId=upload)["Parts"]] == [5 * MIB]
    s3.abort_multipart_upload(Bucket=BUCKET, Key="parts", UploadId=upload)
    assert refusal(lambda: s3.head_object(Bucket=BUCKET, Key="parts")) == "404"


def test_a_presigned_address_is_all_that_one_needs(s3: Any) -> None:
    put = s3.generate_presigned_url("put_object", Params={"Bucket": BUCKET, "Key": "signed"}, ExpiresIn=60)
    assert httpx.put(put, content=b"from a browser", trust_env=False).status_code == 200
    get = s3.generate_presigned_url("get_object", Params={"Bucket": BUCKET, "Key": "signed"}, ExpiresIn=60)
    assert httpx.get(get, trust_env=False).content == b"from a browser"
    assert httpx.get(get.replace("signed", "other", 1), trust_env=False).status_code == 403


def test_copies_metadata_and_tags(s3: Any) -> None:
    s3.put_object(Bucket=BUCKET, Key="one", Body=b"1", Metadata={"who": "ada"}, Tagging="kind=receipt")
    s3.copy_object(Bucket="up.loads", Key="copy", CopySource={"Bucket": BUCKET, "Key": "one"})
    copied = s3.get_object(Bucket="up.loads", Key="copy")
    assert (text(copied), copied["Metadata"]) == (b"1", {"who": "ada"})
    s3.copy_object(
        Bucket=BUCKET, Key="one", CopySource=f"{BUCKET}/one", MetadataDirective="REPLACE", Metadata={"who": "bo"}
    )
    assert s3.head_object(Bucket=BUCKET, Key="one")["Metadata"] == {"who": "bo"}
    s3.put_object_tagging(Bucket=BUCKET, Key="one", Tagging={"TagSet": [{"Key": "paid", "Value": "yes"}]})
    assert s3.get_object_tagging(Bucket=BUCKET, Key="one")["TagSet"] == [{"Key": "paid", "Value": "yes"}]
    assert text(s3.get_object(Bucket=BUCKET, Key="one")) == b"1"
    s3.delete_object_tagging(Bucket=BUCKET, Key="one")
    assert s3.get_object_tagging(Bucket=BUCKET, Key="one")["TagSet"] == []


def test_conditions(s3: Any) -> None:
    etag = s3.put_object(Bucket=BUCKET, Key="condition", Body=b"1")["ETag"]
    assert text(s3.get_object(Bucket=BUCKET, Key="condition", IfMatch=etag)) == b"1"
    assert refusal(lambda: s3.get_object(Bucket=BUCKET, Key="condition", IfNoneMatch=etag)) == "304"
    assert refusal(lambda: s3.get_object(Bucket=BUCKET, Key="condition", IfMatch='"0"')) in (
        "PreconditionFailed",
        "412",
    )
    assert refusal(lambda: s3.put_object(Bucket=BUCKET, Key="condition", Body=b"2", IfNoneMatch="*")) in (
        "PreconditionFailed",
        "412",
    )


def test_a_wrong_key_and_none_are_refused(shop: Subject, connect: Callable[..., Any]) -> None:
    wrong = connect(shop, AWS_SECRET_ACCESS_KEY="wrong")
    assert refusal(lambda: wrong.list_objects_v2(Bucket=BUCKET)) == "SignatureDoesNotMatch"
    unknown = connect(shop, AWS_ACCESS_KEY_ID="unknown")
    assert refusal(lambda: unknown.put_object(Bucket=BUCKET, Key="k", Body=b"")) == "InvalidAccessKeyId"
    connect(shop).put_object(Bucket=BUCKET, Key="private", Body=b"secret")
    url = shop.env()["AWS_ENDPOINT_URL_S3"]
    for path in ("", f"/{BUCKET}", f"/{BUCKET}/private", f"/{BUCKET}?list-type=2"):
        assert httpx.get(url + path, trust_env=False).status_code == 403
    assert httpx.put(f"{url}/{BUCKET}/private", content=b"", trust_env=False).status_code == 403


def test_nobody_elses_machine_reaches_it_and_no_part_hands_out_objects(shop: Subject, s3: Any) -> None:
    s3.put_object(Bucket=BUCKET, Key="hidden", Body=b"hidden-content")
    project = project_of(shop.root, shop.cli)
    (weed,) = [pid for pid in processes(project) if psutil.Process(pid).name() == "weed"]
    listening = [each for each in psutil.net_connections() if each.pid == weed and each.status == psutil.CONN_LISTEN]
    assert len(listening) > 1
    assert {each.laddr.ip for each in listening} <= {"127.0.0.1", "::1"}
    for each in listening:
        for path in (f"/buckets/{BUCKET}/hidden", f"/{BUCKET}/hidden"):
            try:
                answer = httpx.get(f"http://127.0.0.1:{each.laddr.port}{path}", trust_env=False, timeout=5)
            except httpx.HTTPError:
                continue
            assert b"hidden-content" not in answer.content, each.laddr


def test_objects_outlive_down_and_the_hardest_end(tmp_path: Path, cli: Cli, connect: Callable[[Subject], Any]) -> None:
    chosen = Cli(cli.folder, {**cli.env, **CHOSEN_BY["native"]})
    subject = Subject("native", chosen, write_files(tmp_path / "shop", {"devenv.toml": MANIFEST}))
    try:
        subject("up", "-d")
        connect(subject).put_object(
            Bucket=BUCKET, Key="kept", Body=b"1", Metadata={"who": "ada"}, ContentType="text/x-y"
        )
        subject("down")
        subject("up", "-d")
        connect(subject).put_object(Bucket=BUCKET, Key="late", Body=b"2")
        project = project_of(subject.root, chosen)
        for pid in processes(project):
            os.kill(pid, signal.SIGKILL)
        until(lambda: not processes(project))
        subject("up", "-d")
        s3 = connect(subject)
        kept = s3.get_object(Bucket=BUCKET, Key="kept")
        assert (text(kept), kept["Metadata"], kept["ContentType"]) == (b"1", {"who": "ada"}, "text/x-y")
        assert text(s3.get_object(Bucket=BUCKET, Key="late")) == b"2"
        s3.upload_fileobj(io.BytesIO(b"3"), BUCKET, "new")
    finally:
        end_everything_below(tmp_path, chosen)
