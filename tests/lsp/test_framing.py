"""Bytes to messages: whatever came before, a message that is well framed is heard."""

from __future__ import annotations

import json
import os
import tracemalloc

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from vizsla.lsp.envelopes import INVALID_REQUEST, PARSE_ERROR
from vizsla.lsp.framing import Frames, Unreadable, decode


def frame(message: object, header: bytes = b"Content-Length: %d\r\n\r\n") -> bytes:
    body = json.dumps(message).encode()
    return header % len(body) + body


def heard(frames: Frames, *pieces: bytes) -> list[object]:
    return [message for piece in pieces for message in frames.feed(piece)]


PING = {"jsonrpc": "2.0", "id": 7, "method": "ping", "params": {"text": "é \u2028 Content-Length: 12"}}


@pytest.mark.parametrize(
    "header",
    [
        b"Content-Length: %d\r\n\r\n",
        b"content-length: %d\r\n\r\n",
        b"CONTENT-LENGTH:%d\r\n\r\n",
        b"Content-Length : %d \r\n\r\n",
        b"Content-Length: %d\n\n",
        b"\r\n\r\nContent-Length: %d\r\n\r\n",
        b"Content-Type: application/vscode-jsonrpc; charset=utf-8\r\nContent-Length: %d\r\n\r\n",
        b"Content-Length: %d\r\nX-Content-Length: 3\r\nX-Other: Content-Length\r\n\r\n",
    ],
)
def test_a_message_is_heard_whatever_the_manner_of_its_headers(header: bytes) -> None:
    assert heard(Frames(), frame(PING, header)) == [PING]


@given(sizes=st.lists(st.integers(1, 9), min_size=1))
def test_packets_may_be_split_anywhere(sizes: list[int]) -> None:
    data, at = frame(PING) + frame([1]) + frame({}), 0
    pieces: list[bytes] = []
    while at < len(data):
        size = sizes[len(pieces) % len(sizes)]
        pieces.append(data[at : at + size])
        at += size
    assert heard(Frames(), *pieces) == [PING, [1], {}]


@pytest.mark.parametrize(
    ("nonsense", "code"),
    [
        (b"Content-Length: 0\r\n\r\n", PARSE_ERROR),
        (b"Content-Length: -5\r\n\r\n", PARSE_ERROR),
        (b"Content-Length: five\r\n\r\n", PARSE_ERROR),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", PARSE_ERROR),
        (b"Content-Length: 5\r\n\r\n{]\xff\x00\x01", PARSE_ERROR),
        (b"Content-Length: 3\r\n\r\nNaN", PARSE_ERROR),
        (b"Content-Length: 99999999999\r\n\r\n", INVALID_REQUEST),
        (b"Content-Length: " + b"9" * 39 + b"\r\n\r\n", INVALID_REQUEST),
        (b"Content-Length: 2000\r\n\r\n" + b" " * 2000, INVALID_REQUEST),
        (b"Content-Length: 200000\r\n\r\n{}", INVALID_REQUEST),
        (b"Content-Length: 500\r\n\r\n{}", PARSE_ERROR),
        (b"Content-Length: 8\r\n\r\n{}", PARSE_ERROR),
        (b"Content-Length: 30\r\n\r\n{}", PARSE_ERROR),
        (b"x" * 50_000 + b"\n\n", PARSE_ERROR),
    ],
)
def test_nonsense_is_refused_once_and_what_follows_is_heard(nonsense: bytes, code: int) -> None:
    data = nonsense + frame(PING)
    for pieces in ([data], [data[i : i + 1] for i in range(len(data))], [nonsense, frame(PING)]):
        refused, message = heard(Frames(max_body_bytes=1000), *pieces)
        assert isinstance(refused, Unreadable) and refused.code == code
        assert message == PING


def test_a_body_longer_than_its_header_says_costs_only_itself() -> None:
    body = json.dumps(PING).encode()
    data = b"Content-Length: %d\r\n\r\n%b" % (len(body) - 10, body)
    first, *others = heard(Frames(), data + frame(PING))
    assert isinstance(first, Unreadable)
    assert others == [PING]


@settings(max_examples=300)
@given(data=st.lists(st.one_of(st.binary(max_size=40), st.just(frame(PING)), st.just(b"Content-Length: 50\r\n"))))
@example(data=[b"Content-Length: 50\r\n", b"\n", b"Content-Length: 50\r\n", frame(PING)])
def test_no_bytes_at_all_make_the_reader_fail(data: list[bytes]) -> None:
    frames = Frames(max_body_bytes=1000)
    together = heard(Frames(max_body_bytes=1000), b"".join(data))
    assert heard(frames, *data) == together  # and how they are split makes no difference


@pytest.mark.parametrize("text", ["[" * 100_000, "1" * 5_000, '{"a":' * 100_000, '"\ud800"', "\ufeff{}"])
def test_json_that_nobody_can_read_is_an_answer_not_an_exception(text: str) -> None:
    assert isinstance(decode(text.encode("utf-8", "surrogatepass")), Unreadable)


def test_what_is_refused_is_not_repeated() -> None:
    refused = decode(b'{"password": "hunter2" oops')
    assert isinstance(refused, Unreadable) and "hunter2" not in refused.reason


def test_a_body_too_long_is_read_past_without_being_kept() -> None:
    frames, chunk = Frames(max_body_bytes=1000), os.urandom(50_000).replace(b"\n", b" ")
    assert len(heard(frames, b"Content-Length: 50000000\r\n\r\n")) == 1
    tracemalloc.start()
    for _ in range(1000):
        assert heard(frames, chunk) == []
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1_000_000
    assert heard(frames, frame(PING)) == [PING]
