"""The served OpenAPI document, checked by itself and then against what the endpoint does."""

import os
import pathlib
import re
import subprocess
import sys
import urllib.request

from daemon import Daemon

executable, *seeds = sys.argv[1:]
here = pathlib.Path(__file__).parent
scripts = pathlib.Path(sys.executable).parent
cases = 0

with Daemon(executable, "log:\n  level: warning\n") as daemon:
    request = urllib.request.Request(
        daemon.url + "/openapi.yaml", headers={"Authorization": f"Bearer {daemon.token}"}
    )
    document = daemon.folder / "openapi.yaml"
    with urllib.request.urlopen(request) as response:
        document.write_bytes(response.read())
    subprocess.run([scripts / "openapi-spec-validator", document], check=True)
    for seed in seeds or ["1", "2", "3"]:
        print(f"== seed {seed}", flush=True)
        # In the daemon's folder, where it leaves its cache.
        run = subprocess.run(
            [scripts / "st", "--config-file", here / "schemathesis.toml", "run", document]
            + ["--url", daemon.url, "--header", f"Authorization: Bearer {daemon.token}"]
            + ["--seed", seed, "--max-examples", "60"]
            + ["--continue-on-failure", "--no-color", "--generation-database", "none"],
            cwd=daemon.folder,
            env={**os.environ, "SCHEMATHESIS_HOOKS": str(here / "schemathesis_hooks.py")},
            stdout=subprocess.PIPE,
            text=True,
        )
        print(run.stdout, flush=True)
        if run.returncode != 0:
            raise SystemExit(f"seed {seed} failed")
        cases += sum(int(number) for number in re.findall(r"(\d+) generated", run.stdout))

print(f"{cases} cases, no failure")
if cases < 3_000:
    raise SystemExit("too few cases: has the tool run at all?")
