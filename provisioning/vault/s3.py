"""Copies as objects in a bucket, at Amazon or at any service that speaks S3.

A copy is one multipart upload, a part for each slice. Until it is complete there is no object, so that no half can be
taken for a whole; what is there of it is asked of the service, so that any worker goes on where another died.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from provisioning.errors import Blame, TryAgain
from provisioning.vault.bucket import Bucket
from provisioning.vault.whole import problems

CONFIG = Config(connect_timeout=5, read_timeout=10, retries={"total_max_attempts": 2}, max_pool_connections=8)
"""Both tries together stay below the 20 s that one call to the outside may take, but for a service that answers by drops."""
GONE = frozenset({"404", "NoSuchKey", "NoSuchUpload", "InvalidRange", "416"})


@dataclass(frozen=True)
class Begun:
    """An upload that is not complete, with its parts so far: number, tag, bytes."""

    id: str
    parts: Sequence[tuple[int, str, int]]

    @property
    def size(self) -> int:
        """Bytes so far."""
        return sum(size for _, _, size in self.parts)

    def number_at(self, offset: int) -> int:
        """Which part begins there; 0 if none can."""
        begins = 0
        for number, _, size in self.parts:
            if begins == offset:
                return number
            begins += size
        return len(self.parts) + 1 if begins == offset else 0


class S3Vault:
    """Copies as objects in one bucket."""

    def __init__(self, bucket: Bucket) -> None:
        self.bucket = bucket
        # A client of its own, made here once: boto3's default session is not safe among threads.
        with _translated():
            self.client: Any = boto3.session.Session().client(
                "s3",
                endpoint_url=bucket.endpoint or None,
                region_name=bucket.region or None,
                aws_access_key_id=bucket.key_id or None,
                aws_secret_access_key=bucket.key.reveal or None,
                config=CONFIG,
            )

    def size(self, name: str) -> int:
        """Bytes kept so far."""
        if (whole := self._whole(name)) is not None:
            return int(whole["ContentLength"])
        begun = self._begun(name)
        return begun.size if begun else 0

    def append(self, name: str, offset: int, slice_: bytes) -> None:
        """Send a slice as the part that begins there; the service has it on its disks before this returns. A whole stays."""
        if self._whole(name) is not None:
            return
        begun = self._begun(name) or self._begin(name)
        number = begun.number_at(offset)
        if not number:
            raise TryAgain("copy-is-damaged", blame=Blame.PORTAL, wrong=[f"no part begins at {offset}"])
        self._ask("upload_part", **self._of(name), UploadId=begun.id, PartNumber=number, Body=slice_)

    def read(self, name: str, offset: int, limit: int) -> bytes:
        """A slice of a copy; nothing beyond its end, or where it is not."""
        if limit <= 0:
            return b""
        found = self._ask("get_object", **self._of(name), Range=f"bytes={offset}-{offset + limit - 1}")
        with _translated():
            return bytes(found["Body"].read()) if found else b""

    def verify(self, name: str, sha256: str, alive: Callable[[], None]) -> Sequence[str]:
        """Put the parts together, and read the whole copy back."""
        if self._whole(name) is None and (begun := self._begun(name)) and begun.parts:
            parts = [{"PartNumber": number, "ETag": tag} for number, tag, _ in begun.parts]
            self._ask(
                "complete_multipart_upload", **self._of(name), UploadId=begun.id, MultipartUpload={"Parts": parts}
            )
        found = self._ask("get_object", **self._of(name))
        if found is None:
            return ["the copy is not there"]
        with _translated():
            return problems(found["Body"], sha256, alive)

    def drop(self, name: str) -> None:
        """Delete a copy, and whatever was begun of it."""
        for upload in self._uploads(name):
            self._ask("abort_multipart_upload", **self._of(name), UploadId=upload["UploadId"])
        self._ask("delete_object", **self._of(name))

    def clear(self, before: datetime) -> int:
        """Throw away what was begun before then and is not whole: it costs money and shows nowhere."""
        old = [upload for upload in self._uploads("") if upload["Initiated"] < before]
        for upload in old:
            key = {"Bucket": self.bucket.name, "Key": upload["Key"]}
            self._ask("abort_multipart_upload", **key, UploadId=upload["UploadId"])
        return len(old)

    def _of(self, name: str) -> dict[str, str]:
        if "/" in name or name.startswith("."):
            raise ValueError(f"{name!r} is not a copy's name")
        return {"Bucket": self.bucket.name, "Key": self.bucket.folder + name}

    def _whole(self, name: str) -> Mapping[str, Any] | None:
        """What is told of it once it is whole; until then None."""
        whole: Mapping[str, Any] | None = self._ask("head_object", **self._of(name))
        return whole

    def _begin(self, name: str) -> Begun:
        begun = self._ask("create_multipart_upload", **self._of(name), ContentType="application/gzip")
        if begun is None:
            raise TryAgain("copies-away", blame=Blame.PORTAL)
        return Begun(begun["UploadId"], ())

    def _begun(self, name: str) -> Begun | None:
        """The upload that goes on. Two workers may have begun one each: all agree on the one with the smallest name."""
        ids = sorted(upload["UploadId"] for upload in self._uploads(name))
        if not ids:
            return None
        pages = self._pages("list_parts", "Parts", **self._of(name), UploadId=ids[0])
        return Begun(ids[0], tuple((part["PartNumber"], part["ETag"], part["Size"]) for part in pages))

    def _uploads(self, name: str) -> list[Mapping[str, Any]]:
        """Uploads that are not complete: of this copy, or of all."""
        prefix = self.bucket.folder + name
        found = self._pages("list_multipart_uploads", "Uploads", Bucket=self.bucket.name, Prefix=prefix)
        return [upload for upload in found if not name or upload["Key"] == prefix]

    def _pages(self, question: str, word: str, **given: Any) -> list[Mapping[str, Any]]:
        with _translated():
            pages = self.client.get_paginator(question).paginate(**given)
            return [one for page in pages for one in page.get(word, [])]

    def _ask(self, question: str, **given: Any) -> Any:
        """One question. None where what it is about is not there."""
        try:
            return getattr(self.client, question)(**given)
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in GONE:
                return None
            raise _away(error) from error
        except BotoCoreError as error:
            raise _away(error) from error


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        raise _away(error) from error


def _away(error: ClientError | BotoCoreError) -> TryAgain:
    """It does not answer, or does not let us in. Its own words are told: they name the bucket, and never the key."""
    return TryAgain("copies-away", blame=Blame.PORTAL, why=str(error)[:200])
