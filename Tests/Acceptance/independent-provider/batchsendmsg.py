#!/usr/bin/env python3
"""A second implementation of Tencent IM's batchsendmsg, from its documentation.

It shares no code and no author's habits with fanoutd or its simulator, so that a mistake in the
reading of the documentation shows as a difference. Python's standard library only.

    batchsendmsg.py --port 0 --sdk-app-id 1400000000 --secret-key KEY [--quota 12000] [--fail-list]

prints the port as the first line of standard output. An account's name scripts its fate, as the
simulator's: `missing-...`, `err-CODE-...`, `flaky-K-CODE-...`, `poison-...`. account_check too. `GET /report` tells what was seen.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import collections
import hashlib
import hmac
import json
import random
import re
import time
import urllib.parse
import zlib
from dataclasses import dataclass, field
from typing import Any

PACKET_LIMIT = 12_288
ACCOUNT_LIMIT = 500
U32 = 2**32
ELEMENTS = {
    "TIMTextElem", "TIMLocationElem", "TIMFaceElem", "TIMCustomElem",
    "TIMSoundElem", "TIMImageElem", "TIMFileElem", "TIMVideoFileElem",
}  # fmt: skip


class Refused(Exception):
    """A call refused as a whole; `recipients` is 0 where the accounts could not be read."""

    def __init__(self, code: int, recipients: int = 0) -> None:
        super().__init__(code)
        self.code = code
        self.recipients = recipients


@dataclass
class Options:
    """What the command line set."""

    sdk_app_id: int
    secret_key: bytes
    administrator: str
    quota: int
    fail_list: bool
    delay_ms: tuple[float, float]


@dataclass
class Seen:
    """What came in, and what follows from it for later calls."""

    calls: int = 0
    recipients: int = 0
    accepted: int = 0
    accepted_twice: int = 0
    busiest_60s: int = 0
    largest_packet_bytes: int = 0
    largest_batch: int = 0
    addressed_after_final: int = 0
    checked: int = 0
    refusals: collections.Counter[str] = field(default_factory=collections.Counter)
    window: collections.deque[tuple[float, int]] = field(default_factory=collections.deque)
    window_sum: int = 0
    settled: dict[tuple[bytes, str], str] = field(default_factory=dict)
    flaky: collections.Counter[tuple[bytes, str]] = field(default_factory=collections.Counter)

    def report(self) -> dict[str, Any]:
        """The counts that a test compares."""
        names = ["calls", "recipients", "accepted", "accepted_twice", "busiest_60s",
                 "largest_packet_bytes", "largest_batch", "addressed_after_final", "checked"]  # fmt: skip
        return {name: getattr(self, name) for name in names} | {"refusals": dict(self.refusals)}

    def count(self, recipients: int, now: float) -> int:
        """Counts a call at its reception; returns what the rolling minute holds with it."""
        while self.window and self.window[0][0] <= now - 60:
            self.window_sum -= self.window.popleft()[1]
        self.window.append((now, recipients))
        self.window_sum += recipients
        self.recipients += recipients
        self.largest_batch = max(self.largest_batch, recipients)
        self.busiest_60s = max(self.busiest_60s, self.window_sum)
        return self.window_sum


def check_user_sig(signature: str, identifier: str, options: Options) -> None:
    """Verifies a TLSSigAPIv2 signature; raises the provider's code for what is wrong."""
    table = str.maketrans("*-_", "+/=")
    try:
        ticket = json.loads(zlib.decompress(base64.b64decode(signature.translate(table))))
        content = "".join(
            f"TLS.{name}:{ticket['TLS.' + name]}\n"
            for name in ("identifier", "sdkappid", "time", "expire")
        )
        given = base64.b64decode(ticket["TLS.sig"])
        end = ticket["TLS.time"] + ticket["TLS.expire"]
    except (ValueError, KeyError, TypeError, zlib.error):
        raise Refused(70003) from None
    if ticket["TLS.sdkappid"] != options.sdk_app_id:
        raise Refused(70014)
    if ticket["TLS.identifier"] != identifier:
        raise Refused(70013)
    wanted = hmac.new(options.secret_key, content.encode(), hashlib.sha256).digest()
    if ticket.get("TLS.ver") != "2.0" or not hmac.compare_digest(given, wanted):
        raise Refused(70009)
    if time.time() >= end:
        raise Refused(70001)


def check_query(query: str, options: Options) -> None:
    """Checks the five parameters, each of which must be there."""
    values = dict(urllib.parse.parse_qsl(query, keep_blank_values=True))
    if values.get("contenttype") != "json" or not values.get("random", "").isdigit():
        raise Refused(60002)
    if values.get("sdkappid") != str(options.sdk_app_id):
        raise Refused(60006)
    identifier = values.get("identifier", "")
    check_user_sig(values.get("usersig", ""), identifier, options)
    if identifier != options.administrator:
        raise Refused(90009)


def check_accounts(message: dict[str, Any]) -> list[str]:
    """Returns To_Account if it is a list of 1 to 500 accounts."""
    accounts = message.get("To_Account")
    if not isinstance(accounts, list) or not accounts:
        raise Refused(90003)
    if len(accounts) > ACCOUNT_LIMIT:
        raise Refused(90011, len(accounts))
    for account in accounts:
        if not isinstance(account, str) or not 1 <= len(account.encode()) <= 32:
            raise Refused(90012, len(accounts))
    return accounts


def is_u32(value: Any) -> bool:
    """Whether this is a JSON integer of 32 bits; Python takes a boolean for one."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < U32


def check_message(message: dict[str, Any], count: int) -> None:
    """Checks the fields that a sender gets wrong."""
    if not is_u32(message.get("MsgRandom")):
        raise Refused(90005, count)
    if "MsgSeq" in message and not is_u32(message["MsgSeq"]):
        raise Refused(90004, count)
    if not isinstance(message.get("From_Account", ""), str):
        raise Refused(90008, count)
    lifetime = message.get("MsgLifeTime", 0)
    if not is_u32(lifetime) or lifetime > 604_800:
        raise Refused(90026, count)
    if message.get("SyncOtherMachine", 1) not in (1, 2):
        raise Refused(90010, count)
    body = message.get("MsgBody")
    if not isinstance(body, list) or not body:
        raise Refused(90007, count)
    for element in body:
        if not isinstance(element, dict) or not isinstance(element.get("MsgContent"), dict):
            raise Refused(90002, count)
        if element.get("MsgType") not in ELEMENTS:
            raise Refused(90010, count)


def fate(account: str, key: tuple[bytes, str], seen: Seen) -> int:
    """The code of one account now; 0 is accepted."""
    if account.startswith("missing-"):
        return 70107
    if match := re.match(r"err-(\d+)-", account):
        return int(match[1])
    if (match := re.match(r"flaky-(\d+)-(\d+)-", account)) and seen.flaky[key] < int(match[1]):
        seen.flaky[key] += 1
        return int(match[2])
    return 0


def settle(
    message: dict[str, Any],
    accounts: list[str],
    seen: Seen,
    options: Options,
) -> list[dict[str, Any]]:
    """Gives every account its answer; returns the ErrorList."""
    content = [message.get("From_Account"), message["MsgBody"], message.get("CloudCustomData")]
    identity = hashlib.blake2b(json.dumps(content, sort_keys=True).encode(), digest_size=8).digest()
    errors = []
    for account in accounts:
        key = (identity, account)
        before = seen.settled.get(key)
        # A flaky account isn't final, and neither is a code that the documentation says to retry.
        seen.addressed_after_final += before is not None
        code = fate(account, key, seen)
        if code == 0:
            seen.accepted += 1
            seen.accepted_twice += before == "accepted"
            seen.settled[key] = "accepted"
            continue
        seen.refusals[str(code)] += 1
        errors.append({"To_Account": account, "ErrorCode": code})
    # A FAIL without a list tells nothing about one of several accounts: those may be asked again.
    if len(errors) < len(accounts) or options.fail_list or len(accounts) == 1:
        for entry in errors:
            if entry["ErrorCode"] not in (70169, 90992, 91000):
                seen.settled[(identity, entry["To_Account"])] = "failed"
    return errors


def answer(query: str, body: bytes, seen: Seen, options: Options) -> dict[str, Any]:
    """Answers one call with Tencent's envelope."""
    now = time.monotonic()
    seen.calls += 1
    seen.largest_packet_bytes = max(seen.largest_packet_bytes, len(body))
    try:
        check_query(query, options)
        if len(body) > PACKET_LIMIT:
            raise Refused(93000)
        try:
            message = json.loads(body.decode())
        except ValueError:
            raise Refused(90001) from None
        if not isinstance(message, dict):
            raise Refused(90001)
        accounts = check_accounts(message)
        held = seen.count(len(accounts), now)
        check_message(message, len(accounts))
        if options.quota and held > options.quota:
            raise Refused(90057, len(accounts))
        if any(account.startswith("poison-") for account in accounts):
            raise Refused(90012, len(accounts))
    except Refused as refused:
        seen.refusals[str(refused.code)] += max(1, refused.recipients)
        return {"ActionStatus": "FAIL", "ErrorCode": refused.code, "ErrorInfo": "refused"}
    return envelope(message, accounts, settle(message, accounts, seen, options), options)


def check_answer(query: str, body: bytes, seen: Seen, options: Options) -> dict[str, Any]:
    """Answers account_check: who isn't called missing is imported."""
    try:
        check_query(query, options)
        try:
            items = json.loads(body.decode())["CheckItem"]
            names = [item["UserID"] for item in items]
        except (ValueError, KeyError, TypeError):
            raise Refused(70402) from None
        if not 1 <= len(names) <= 100 or not all(isinstance(name, str) for name in names):
            raise Refused(70402)
    except Refused as refused:
        return {"ActionStatus": "FAIL", "ErrorCode": refused.code, "ErrorInfo": "refused"}
    seen.checked += len(names)
    results = [
        {
            "UserID": name,
            "ResultCode": 0,
            "ResultInfo": "",
            "AccountStatus": "NotImported" if name.startswith("missing-") else "Imported",
        }
        for name in names
    ]
    return {"ActionStatus": "OK", "ErrorCode": 0, "ErrorInfo": "", "ResultItem": results}


def envelope(
    message: dict[str, Any],
    accounts: list[str],
    errors: list[dict[str, Any]],
    options: Options,
) -> dict[str, Any]:
    """The envelope for accounts that had their answers."""
    if len(errors) == len(accounts):
        are_missing = all(entry["ErrorCode"] == 70107 for entry in errors)
        code = 90012 if are_missing else errors[0]["ErrorCode"]
        result = {"ActionStatus": "FAIL", "ErrorCode": code, "ErrorInfo": "nobody"}
        return result | ({"ErrorList": errors} if options.fail_list else {})
    sequence = message.get("MsgSeq", random.randrange(U32))
    key = f"{sequence}_{message['MsgRandom']}_{int(time.time())}"
    result = {"ActionStatus": "SomeError" if errors else "OK", "ErrorCode": 0, "ErrorInfo": ""}
    return result | {"MsgKey": key, "MsgId": "m-" + key, "ErrorList": errors}


async def read_request(reader: asyncio.StreamReader) -> tuple[str, str, bytes] | None:
    """Reads one request: method, target and body; nothing at the end of the connection."""
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    method, target, _ = head.split("\r\n", 1)[0].split(" ", 2)
    length = re.search(r"(?im)^content-length:\s*(\d+)", head)
    if length:
        return method, target, await reader.readexactly(int(length[1]))
    if re.search(r"(?im)^transfer-encoding:\s*chunked", head):
        return method, target, await read_chunks(reader)
    return method, target, b""


async def read_chunks(reader: asyncio.StreamReader) -> bytes:
    """Reads a chunked body without trailers."""
    body = b""
    while size := int((await reader.readline()).split(b";")[0], 16):
        body += (await reader.readexactly(size + 2))[:-2]
    await reader.readline()
    return body


async def serve(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    seen: Seen,
    options: Options,
) -> None:
    """Answers the requests of one connection until it ends."""
    try:
        while request := await read_request(reader):
            method, target, body = request
            path, _, query = target.partition("?")
            status, result = "200 OK", {}
            if (method, path) == ("POST", "/v4/openim/batchsendmsg"):
                result = answer(query, body, seen, options)
                await asyncio.sleep(random.uniform(*options.delay_ms) / 1_000)
            elif (method, path) == ("POST", "/v4/im_open_login_svc/account_check"):
                result = check_answer(query, body, seen, options)
            elif (method, path) == ("GET", "/report"):
                result = seen.report()
            else:
                status = "404 Not Found"
            data = json.dumps(result, ensure_ascii=False).encode()
            # The provider's own Content-Type is not to be relied on, so this one isn't JSON's.
            head = f"HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nContent-Length: {len(data)}"
            writer.write(head.encode() + b"\r\n\r\n" + data)
            await writer.drain()
    except (ConnectionError, asyncio.IncompleteReadError, ValueError):
        pass  # The peer left or spoke no HTTP: nobody is there to be told.
    finally:
        writer.close()


def parse_options() -> tuple[int, Options]:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--sdk-app-id", type=int, default=1_400_000_000)
    parser.add_argument("--secret-key", help="the key itself")
    parser.add_argument("--secret-key-file", help="a file with the key")
    parser.add_argument("--administrator", default="administrator")
    parser.add_argument("--quota", type=int, default=12_000, help="0 is none")
    parser.add_argument("--fail-list", action="store_true")
    parser.add_argument("--delay-ms", type=float, nargs=2, default=(0, 0), metavar=("LOW", "HIGH"))
    given = parser.parse_args()
    key = given.secret_key
    if given.secret_key_file:
        with open(given.secret_key_file, encoding="utf-8") as file:
            key = file.read().rstrip("\n")
    if not key:
        parser.error("give --secret-key or --secret-key-file")
    low, high = given.delay_ms
    options = Options(
        given.sdk_app_id, key.encode(), given.administrator, given.quota, given.fail_list,
        (low, high),
    )  # fmt: skip
    return given.port, options


async def main() -> None:
    """Serves until it is killed."""
    port, options = parse_options()
    seen = Seen()
    server = await asyncio.start_server(
        lambda reader, writer: serve(reader, writer, seen, options), "127.0.0.1", port
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        pass
