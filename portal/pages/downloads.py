"""A kept copy as a download: a slice at a time, never whole in memory, and from any byte on."""

import asyncio
import re
from collections.abc import AsyncIterator

from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header

from provisioning.step import Vault

SLICE = 1 << 20
RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")


def span(header: str, size: int) -> range:
    """The bytes that a Range header asks for; all of them where it says nothing that we know; none beyond the end."""
    asked = RANGE.fullmatch(header.strip())
    if asked is None or not any(asked.groups()):
        return range(size)
    first, last = asked.groups()
    if not first:
        return range(max(0, size - int(last)), size)
    return range(int(first), min(int(last) + 1, size) if last else size)


def download(vault: Vault, name: str, filename: str, asked: str) -> HttpResponseBase:
    """Send the copy, or the part of it that is asked for, so that a download that broke off goes on. 404 if it is not there."""
    size = vault.size(name)
    if not size:
        raise Http404
    wanted = span(asked, size)
    if not wanted:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    answer = StreamingHttpResponse(slices(vault, name, wanted), content_type="application/gzip")
    answer.headers["Accept-Ranges"] = "bytes"
    answer.headers["Content-Length"] = str(len(wanted))
    answer.headers["Content-Disposition"] = content_disposition_header(True, filename) or ""
    if len(wanted) < size:
        answer.status_code = 206
        answer.headers["Content-Range"] = f"bytes {wanted[0]}-{wanted[-1]}/{size}"
    return answer


async def slices(vault: Vault, name: str, wanted: range) -> AsyncIterator[bytes]:
    """Read as fast as it is taken. Asynchronous, because of any other iterator Django would read all before it sends."""
    at = wanted.start
    while at < wanted.stop:
        slice_ = await asyncio.to_thread(vault.read, name, at, min(SLICE, wanted.stop - at))
        if not slice_:
            return  # less than was promised, which a browser takes for a download that broke off
        yield slice_
        at += len(slice_)
