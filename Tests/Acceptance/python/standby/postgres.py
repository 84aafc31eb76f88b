"""A PostgreSQL primary and its synchronous standby, which can be killed, stopped and promoted."""

import os
import pathlib
import pwd
import re
import secrets
import shutil
import signal
import subprocess

from ports import free_port
from standby.suite import FOLDER, running_in, wait_for

DATABASE = ROLE = "fanoutd"

# A process's death loses nothing that was written, so no disk needs to be waited for.
SETTINGS = """\
fsync = off
shared_buffers = 16MB
max_connections = 60
max_wal_senders = 6
min_wal_size = 2MB
max_wal_size = 128MB
hot_standby = on
wal_level = replica
log_checkpoints = off
log_line_prefix = '%m [%p] '
wal_retrieve_retry_interval = 200ms
autovacuum_naptime = 10min
"""


def programs() -> pathlib.Path | None:
    """The folder of the newest server that is installed."""
    folders = pathlib.Path("/usr/lib/postgresql").glob("*/bin")
    complete = [folder for folder in folders if (folder / "pg_basebackup").exists()
                and (folder / "initdb").exists()]
    if complete:
        return max(complete, key=lambda folder: float(folder.parent.name))
    found = shutil.which("initdb")
    return pathlib.Path(found).resolve().parent if found else None


def identity() -> dict:
    """PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    user = pwd.getpwnam("postgres")
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def why_not() -> str | None:
    """Why no server can be run here; None if one can."""
    if programs() is None:
        return "no PostgreSQL server found; install Debian's package postgresql"
    try:
        who = identity()
    except KeyError:
        return "there is no user postgres, and PostgreSQL refuses to run as root"
    probe = subprocess.run(
        ["sh", "-c", ": >/dev/null && cd \"$1\"", "sh", str(FOLDER)],
        stderr=subprocess.PIPE, text=True, **who,
    )
    if probe.returncode != 0:
        return f"the user postgres can't run a server here: {probe.stderr.strip()}"
    return None


def run(program: str, *arguments) -> str:
    """What a program of PostgreSQL's says; as the server's user."""
    done = subprocess.run(
        [str(programs() / program), *map(str, arguments)],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=FOLDER, timeout=120,
        **identity(),
    )
    if done.returncode != 0:
        raise AssertionError(f"{program} ended with {done.returncode}: {done.stdout}")
    return done.stdout


def own(path: pathlib.Path):
    if os.geteuid() == 0:
        shutil.chown(path, "postgres", "postgres")


class Server:
    """One server on a folder of data."""

    def __init__(self, data: pathlib.Path, listen: str = "127.0.0.1", database: str = DATABASE):
        self.data, self.listen, self.database = data, listen, database
        self.port = free_port()
        self.process = None
        self.log = data.parent / f"{data.name}.log"

    def start(self, wait: bool = True) -> "Server":
        command = [str(programs() / "postgres"), "-D", str(self.data), "-p", str(self.port)]
        command += ["-c", f"listen_addresses={self.listen}"]
        command += ["-c", f"unix_socket_directories={self.data}"]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.data,
                start_new_session=True, **identity(),
            )
        if wait:
            wait_for(self.answers, f"{self.data.name} to answer", 120)
        return self

    def set(self, **settings):
        """Adds to the configuration, whose last word counts."""
        with (self.data / "postgresql.auto.conf").open("a") as file:
            for name, value in settings.items():
                file.write(f"{name} = '{value}'\n")
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGHUP)
            for name, value in settings.items():
                wait_for(lambda: self.sql(f"SHOW {name}") == value, f"{name} to be taken")

    def psql(self, statement: str, database: str, seconds: float):
        return subprocess.run(
            [str(programs() / "psql"), "-XAtq", "-v", "ON_ERROR_STOP=1", "-h", str(self.data)]
            + ["-p", str(self.port), "-U", "postgres", "-d", database],
            input=statement, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            timeout=seconds, cwd=FOLDER,
        )

    def sql(self, statement: str, database: str = DATABASE, seconds: float = 30) -> str:
        """What the server's own administrator reads."""
        done = self.psql(statement, database, seconds)
        if done.returncode != 0:
            raise AssertionError(f"{statement}: {done.stderr.strip()}")
        return done.stdout.strip()

    def answers(self) -> bool:
        if self.process.poll() is not None:
            raise AssertionError(f"the server has ended: {self.log.read_text()[-2000:]}")
        try:
            return self.psql("SELECT 1", self.database, 10).returncode == 0
        except subprocess.TimeoutExpired:
            return False

    def processes(self) -> list[int]:
        """The server first, then those that it has started."""
        children = f"/proc/{self.process.pid}/task/{self.process.pid}/children"
        try:
            found = [int(word) for word in pathlib.Path(children).read_text().split()]
        except OSError:
            found = []
        return [self.process.pid, *found]

    def child(self, title: str) -> int | None:
        """The process that does a certain work, by its title."""
        for process in self.processes()[1:]:
            try:
                if title in pathlib.Path(f"/proc/{process}/cmdline").read_text():
                    return process
            except OSError:
                pass
        return None

    def kill(self):
        """As when the machine dies: nobody of it does anything any more."""
        self.process.send_signal(signal.SIGSTOP)  # so that it starts nobody meanwhile
        for process in reversed(self.processes()):
            send(process, signal.SIGKILL)
        self.process.wait(30)
        wait_for(lambda: not running_in(self.data), "the killed to be gone")

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        self.process.wait(60)

    def freeze(self):
        """As when the machine hangs: connections stay, and nothing comes."""
        self.process.send_signal(signal.SIGSTOP)
        for process in self.processes()[1:]:
            send(process, signal.SIGSTOP)

    def thaw(self):
        for process in reversed(self.processes()):
            send(process, signal.SIGCONT)

    def timeline(self) -> int:
        """Of what a primary writes; the checkpoint's own lags behind a promotion."""
        return int(self.sql("SELECT pg_walfile_name(pg_current_wal_lsn())")[:8], 16)

    def promote(self):
        run("pg_ctl", "promote", "-D", self.data, "-w", "-t", "60")


def send(process: int, number: int):
    try:
        os.kill(process, number)
    except ProcessLookupError:
        pass


class Pair:
    """A primary, whose commits wait for the standby, and that standby."""

    def __init__(self, folder: pathlib.Path, listen: str = "127.0.0.1"):
        template = FOLDER / "template"
        folder.mkdir(mode=0o755)
        own(folder)
        for name in ("primary", "standby"):
            subprocess.run(
                ["cp", "-a", "--reflink=auto", str(template / name), str(folder / name)],
                check=True,
            )
        self.password = (template / "password").read_text()
        self.primary = Server(folder / "primary", listen)
        self.standby = Server(folder / "standby", listen)

    def start(self) -> "Pair":
        self.primary.start()
        self.standby.set(
            primary_conninfo=f"host={self.primary.data} port={self.primary.port} user=postgres"
        )
        self.standby.start()
        self.primary.set(synchronous_standby_names="*")
        self.wait_until_synchronous()
        return self

    def start_again(self):
        """After both were stopped."""
        for server in self.servers:
            server.start()
        self.wait_until_synchronous()

    def copy(self) -> pathlib.Path:
        """Of both servers' data, which are stopped."""
        place = self.primary.data.parent / "copy"
        place.mkdir()
        for server in self.servers:
            subprocess.run(["cp", "-a", str(server.data), str(place)], check=True)
        return place

    def restore(self, copy: pathlib.Path):
        for server in self.servers:
            shutil.rmtree(server.data)
            shutil.move(copy / server.data.name, server.data)

    def wait_until_synchronous(self):
        wait_for(
            lambda: self.primary.sql("SELECT sync_state FROM pg_stat_replication") == "sync",
            "the standby to follow",
        )

    def hold_commits(self):
        """From now on a COMMIT waits: the standby takes nothing in."""
        receiver = wait_for(lambda: self.standby.child("walreceiver"), "the standby's receiver")
        send(receiver, signal.SIGSTOP)
        self.receiver = receiver

    def release_commits(self):
        send(self.receiver, signal.SIGCONT)

    def waiting_commits(self) -> list[int]:
        """The backends whose COMMIT waits for the standby."""
        found = self.primary.sql(
            "SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
        )
        return [int(line) for line in found.split()]

    @property
    def servers(self) -> list[Server]:
        return [self.primary, self.standby]

    def url(self, *servers: Server, host: str = "127.0.0.1") -> str:
        """libpq's words for these servers, or for both."""
        chosen = servers or self.servers
        hosts = ",".join(host for _ in chosen)
        ports = ",".join(str(server.port) for server in chosen)
        return f"host={hosts} port={ports} dbname={DATABASE} user={ROLE}"

    def end(self):
        for server in self.servers:
            if server.process and server.process.poll() is None:
                server.kill()


def make_template():
    """A pair that was stopped in peace, of which every story takes a copy."""
    folder = FOLDER / "template"
    folder.mkdir(mode=0o755)
    own(folder)
    password = secrets.token_urlsafe(24)
    primary = Server(folder / "primary", database="postgres")
    run("initdb", "-D", primary.data, "--no-sync", "--wal-segsize=1", "-U", "postgres",
        "-E", "UTF8", "--locale=C.UTF-8", "--auth-local=trust", "--auth-host=scram-sha-256")
    with (primary.data / "postgresql.conf").open("a") as file:
        file.write(SETTINGS)
    with (primary.data / "pg_hba.conf").open("a") as file:
        # Test hosts in namespaces of their own.
        file.write("host all all 10.0.0.0/8 scram-sha-256\n")
    primary.start()
    primary.sql(f"CREATE ROLE {ROLE} LOGIN PASSWORD '{password}'", "postgres")
    primary.sql(f"CREATE DATABASE {DATABASE} OWNER {ROLE}", "postgres")
    # Every story copies all files, and needs one database alone.
    for name in ("template0", "template1", "postgres"):
        primary.sql(f"ALTER DATABASE {name} IS_TEMPLATE false")
        primary.sql(f"DROP DATABASE {name}")
    run("pg_basebackup", "-h", primary.data, "-p", primary.port, "-U", "postgres", "-R",
        "-X", "stream", "--no-sync", "-c", "fast", "-D", folder / "standby")
    primary.stop()
    (folder / "password").write_text(password)


def version() -> str:
    said = subprocess.run([str(programs() / "postgres"), "--version"], stdout=subprocess.PIPE,
                          text=True).stdout
    return "PostgreSQL " + re.search(r"[0-9][0-9.]*", said)[0]
