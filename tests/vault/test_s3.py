"""What only a bucket can do wrong: halves that cost money, a service that is away or hangs, a key that is told."""

import socket
import threading
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from botocore.config import Config

from provisioning.driver import Secret
from provisioning.errors import Blame, TryAgain
from provisioning.vault import Bucket, FolderVault, open_vault
from provisioning.vault import s3 as module
from provisioning.vault.s3 import S3Vault
from tests.vault.test_both import COPY, DIGEST, SLICE, alive, put

pytestmark = pytest.mark.thorough


def test_before_it_was_read_back_there_is_no_object_and_afterwards_no_upload(bucket: Bucket) -> None:
    vault = S3Vault(bucket)
    put(vault)
    assert vault.client.list_objects_v2(Bucket=bucket.name)["KeyCount"] == 0
    vault.verify("one", DIGEST, alive)
    (there,) = vault.client.list_objects_v2(Bucket=bucket.name)["Contents"]
    assert (there["Key"], there["Size"]) == ("copies/one", len(COPY))
    assert vault.client.list_multipart_uploads(Bucket=bucket.name).get("Uploads", []) == []


def test_another_worker_goes_on_where_one_has_died(bucket: Bucket) -> None:
    for number in range(1, len(COPY) // SLICE + 2):
        put(S3Vault(bucket), until=number * SLICE if number * SLICE < len(COPY) else None)
    assert S3Vault(bucket).verify("one", DIGEST, alive) == []


def test_a_death_between_putting_together_and_reading_back_is_made_up_for(bucket: Bucket) -> None:
    put(S3Vault(bucket))

    def killed() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        S3Vault(bucket).verify("one", DIGEST, killed)
    assert S3Vault(bucket).size("one") == len(COPY)
    assert S3Vault(bucket).verify("one", DIGEST, alive) == []


def test_two_that_began_at_once_agree_on_one_upload_and_the_other_is_dropped_with_the_copy(bucket: Bucket) -> None:
    one, other = S3Vault(bucket), S3Vault(bucket)
    one._begin("one")
    other._begin("one")
    one.append("one", 0, COPY[:SLICE])
    other.append("one", SLICE, COPY[SLICE : 2 * SLICE])
    put(one)
    assert other.verify("one", DIGEST, alive) == []
    one.drop("one")
    assert one.client.list_multipart_uploads(Bucket=bucket.name).get("Uploads", []) == []


def test_a_bucket_that_is_not_there_is_away_and_says_no_secret(bucket: Bucket) -> None:
    vault = S3Vault(replace(bucket, name="nobodys"))
    for ask in (lambda: vault.append("one", 0, b"x"), lambda: vault.clear(datetime(2027, 1, 1, tzinfo=UTC))):
        with pytest.raises(TryAgain) as stop:
            ask()
        assert (stop.value.code, stop.value.blame) == ("copies-away", Blame.PORTAL)
        assert "hidden" not in str(stop.value)
    assert "hidden" not in repr(bucket)


def test_a_service_that_takes_connections_and_never_answers_costs_seconds(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CONFIG", module.CONFIG.merge(Config(connect_timeout=0.2, read_timeout=0.2)))
    with socket.create_server(("127.0.0.1", 0)) as hole:
        vault = S3Vault(replace(bucket, endpoint=f"http://127.0.0.1:{hole.getsockname()[1]}"))
        with pytest.raises(TryAgain, match="copies-away"):
            vault.size("one")


def test_the_slowest_question_stays_below_what_one_call_may_take() -> None:
    tries = module.CONFIG.retries["total_max_attempts"]
    assert tries * (module.CONFIG.connect_timeout + module.CONFIG.read_timeout) <= 30


def test_reading_back_holds_no_more_than_some_blocks(bucket: Bucket) -> None:
    put(S3Vault(bucket))
    blocks: list[int] = []
    S3Vault(bucket).verify("one", DIGEST, lambda: blocks.append(threading.active_count()))
    assert len(blocks) >= len(COPY) >> 20


def test_settings_choose_the_kind_and_a_bucket_is_opened_once(tmp_path: Path, bucket: Bucket) -> None:
    assert isinstance(open_vault(tmp_path, None), FolderVault)
    assert open_vault(tmp_path, bucket) is open_vault(tmp_path, replace(bucket, key=Secret("hidden")))
