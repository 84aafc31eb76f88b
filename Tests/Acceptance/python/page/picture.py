"""Takes the README's picture of the page, from a running demo."""

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import urllib.request

from .case import EXECUTABLE, browser

LARGEST = 200_000
TEXT = {"MsgBody": [{"MsgType": "TIMTextElem", "MsgContent": {"Text": "See you on Sunday"}}]}
CAMPAIGNS = [
    {"name": "Singles' Day", "recipients": [f"user-{n:06}" for n in range(40_000)]},
    {"name": "Newsletter 双十一", "recipients": [f"reader-{n:06}" for n in range(9_000)],
     "priority": "low"},
    {"name": "Invoice reminder", "recipients": [f"missing-{n}" for n in range(40)]
     + [f"customer-{n}" for n in range(900)], "messages_per_minute": 500},
    {"name": "New year", "recipients": ["bonnie", "rong"], "start_at": "2031-01-01T00:00:00Z"},
]


def take(path: pathlib.Path):
    with tempfile.TemporaryFile("w+") as output:
        demo = subprocess.Popen(
            [EXECUTABLE, "demo", "--keep", "--recipients", "4000"], stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            context = browser().new_context(
                viewport={"width": 1280, "height": 800}, locale="en-GB", timezone_id="Asia/Shanghai"
            )
            page = context.new_page()
            address = link(demo, output)
            for body in CAMPAIGNS:
                create(address, body)
            page.goto(address)
            page.wait_for_selector("html[data-live=on]", state="attached")
            # Once the window is nearly full and calls go on.
            page.wait_for_function(
                """() => {
                    const read = field => Number(
                        document.querySelector(`[data-field='${field}']`)?.dataset.value);
                    return read('window.held') > 0.8 * read('messages_per_minute');
                }""",
                timeout=180_000,
            )
            path.parent.mkdir(parents=True, exist_ok=True)
            page.screenshot(path=path)
        finally:
            demo.terminate()
            demo.wait()
    size = path.stat().st_size
    print(f"{path}: {size:,} bytes")
    if size > LARGEST:
        raise SystemExit(f"over {LARGEST:,} bytes: show less")


def create(address: str, body: dict):
    url, _, token = address.partition("/#token=")
    request = urllib.request.Request(
        url.replace("localhost", "127.0.0.1") + "/v1/campaigns",
        data=json.dumps(body | {"message": TEXT}).encode(),
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )
    urllib.request.urlopen(request).close()


def link(demo, output) -> str:
    """What the demo prints for its page, as soon as it does."""
    end = time.monotonic() + 60
    while time.monotonic() < end and demo.poll() is None:
        output.seek(0)
        if found := re.search(r"http://[\w.:\[\]]+/#token=\S+", output.read()):
            return found[0]
        time.sleep(0.05)
    output.seek(0)
    raise SystemExit(f"the demo prints no link to its page:\n{output.read()}")


take(pathlib.Path(sys.argv[1]))
os._exit(0)
