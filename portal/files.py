"""Stored files over HTTP: streamed without filling memory, by ranges, with ETags; or handed over to the object store.

Nothing is served by a storage address of its own: a view has checked who asks. Content types are set by us.
"""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.files import File
from django.db.models.fields.files import FieldFile
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.cache import get_conditional_response
from django.utils.http import content_disposition_header
from rest_framework.negotiation import BaseContentNegotiation

CHUNK = 256 * 1024
IMMUTABLE = "private, max-age=31536000, immutable"
REVALIDATE = "private, no-cache"


@dataclass(frozen=True, slots=True)
class Facts:
    """What the answer says about a file."""

    content_type: str
    etag: str
    """Strong and without quotes: the same tag means the same bytes."""
    cache: str = REVALIDATE
    filename: str = ""
    """When set, the browser saves the file under this name instead of showing it."""


class AnyAccept(BaseContentNegotiation):
    """Files are what they are, whatever the Accept header asks for; errors are JSON."""

    def filter_renderers(self, renderers: Any, format_suffix: Any = None) -> Any:
        return renderers

    def select_parser(self, request: Any, parsers: Any) -> Any:
        return parsers[0]

    def select_renderer(self, request: Any, renderers: Any, format_suffix: Any = None) -> Any:
        return renderers[0], renderers[0].media_type


class Chunks:
    """Part of an open file as an asynchronous iterator; reads in threads, so that no client blocks another."""

    def __init__(self, file: "File[bytes]", start: int, length: int) -> None:
        self.file, self.start, self.left = file, start, length

    async def __aiter__(self) -> AsyncIterator[bytes]:
        read = sync_to_async(self.file.read, thread_sensitive=False)
        await sync_to_async(self.file.seek, thread_sensitive=False)(self.start)
        while self.left > 0 and (chunk := await read(min(CHUNK, self.left))):
            self.left -= len(chunk)
            yield chunk

    def close(self) -> None:
        """Called by Django at the end of the response, also when the client left early."""
        self.file.close()


def serve(request: HttpRequest, file: FieldFile, facts: Facts) -> HttpResponseBase:
    """A stored file. Downloads from an object store are redirected there by an address that is signed for ten minutes.

    Raises:
        Http404: the file is gone.
    """
    if unchanged := _conditional(request, facts):
        return unchanged
    if settings.S3_BUCKET and facts.filename and request.method == "GET":
        return _redirect(file, facts)
    try:
        handle = file.storage.open(file.name or "", "rb")
    except FileNotFoundError as error:
        raise Http404 from error
    try:
        response = _stream(request, handle, handle.size, facts)
    except BaseException:
        handle.close()
        raise
    response["Accept-Ranges"] = "bytes"
    return _described(response, facts)


def serve_bytes(request: HttpRequest, data: bytes, facts: Facts) -> HttpResponseBase:
    """A small picture that is already in memory."""
    return _conditional(request, facts) or _described(HttpResponse(data), facts)


def byte_range(header: str, size: int) -> tuple[int, int] | None:
    """(start, length) of a `Range` header; None when the whole file is to be sent, as for several ranges or nonsense.

    Raises:
        ValueError: no byte of the file lies in the range.
    """
    match = re.fullmatch(r"bytes=\s*(\d{0,18})-(\d{0,18})\s*", header, re.ASCII)
    if match is None or match.group(1, 2) == ("", ""):
        return None
    first, last = match.groups()
    if not first:
        start, end = max(0, size - int(last)), size - 1
    else:
        start, end = int(first), min(int(last), size - 1) if last else size - 1
        if last and int(last) < start:
            return None
    if start > end:
        raise ValueError(f"{header} is outside of {size} bytes")
    return start, end - start + 1


def _conditional(request: HttpRequest, facts: Facts) -> HttpResponseBase | None:
    """304 or 412 when the request's conditions say so."""
    response = get_conditional_response(request, etag=f'"{facts.etag}"')
    return None if response is None else _described(response, facts)


def _stream(request: HttpRequest, handle: "File[bytes]", size: int, facts: Facts) -> HttpResponseBase:
    start, length, status = 0, size, 200
    condition = request.headers.get("If-Range")
    if request.method == "GET" and "Range" in request.headers and condition in (None, f'"{facts.etag}"'):
        try:
            part = byte_range(request.headers["Range"], size)
        except ValueError:
            handle.close()
            return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
        if part is not None:
            start, length, status = *part, 206
    if request.method == "HEAD":
        handle.close()
        return HttpResponse(headers={"Content-Length": str(size)})
    response = StreamingHttpResponse(Chunks(handle, start, length), status=status, headers={"Content-Length": str(length)})
    if status == 206:
        response["Content-Range"] = f"bytes {start}-{start + length - 1}/{size}"
    return response


def _described(response: HttpResponseBase, facts: Facts) -> HttpResponseBase:
    response["ETag"] = f'"{facts.etag}"'
    response["Cache-Control"] = facts.cache
    if response.status_code in (200, 206):
        response["Content-Type"] = facts.content_type
        if facts.filename and (disposition := content_disposition_header(True, facts.filename)):
            response["Content-Disposition"] = disposition
    return response


def _redirect(file: FieldFile, facts: Facts) -> HttpResponseBase:
    parameters = {"ResponseContentType": facts.content_type, "ResponseContentDisposition": content_disposition_header(True, facts.filename)}
    address = file.storage.url(file.name or "", parameters=parameters)  # type: ignore[call-arg]  # the S3 storage takes them
    return HttpResponse(status=302, headers={"Location": address, "Cache-Control": "no-store"})
