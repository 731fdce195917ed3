"""A real SQLite file and a real PostgreSQL 15 for every contract test, and a clock that a test moves."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from memory.database import connect
from memory.events import AssetSaved, Draft, JobFinished, JobQueued, Provenance, ToolCalled, TurnDone, UserSaid
from memory.ids import new_id
from memory.log import Appended, Command, JobLease, Log, TurnLease
from memory.migrate import migrate


class Clock:
    """Seconds since 1970, moved by hand."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now

    def forward(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


def _binary(name: str) -> str | None:
    return shutil.which(name) or shutil.which(name, path="/usr/lib/postgresql/15/bin")


class Postgres:
    """One cluster in a temporary folder, on a Unix socket only; fsync is off because no test pulls the plug."""

    def __init__(self, folder: Path) -> None:
        self.folder, self._count = folder, 0
        self._shared: str | None = None
        self._run(
            "initdb", "-D", str(folder / "data"), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "-N"
        )
        settings = f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off -c max_connections=200"
        self._run("pg_ctl", "-D", str(folder / "data"), "-l", str(folder / "log"), "-w", "-o", settings, "start")
        self.admin = create_engine(self._url("postgres"), isolation_level="AUTOCOMMIT")
        with self.admin.connect() as connection:
            connection.execute(text("CREATE DATABASE pattern"))
        pattern = connect(self._url("pattern"))
        migrate(pattern)
        pattern.close()

    def _run(self, program: str, *arguments: str) -> None:
        path = _binary(program)
        assert path is not None
        as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []
        subprocess.run([*as_user, path, *arguments], check=True, stdout=subprocess.DEVNULL, cwd=self.folder)

    def _url(self, database: str) -> str:
        return f"postgresql+pg8000://postgres@/{database}?unix_sock={self.folder}/.s.PGSQL.5432"

    def new(self, pattern: str = "pattern") -> str:
        self._count += 1
        with self.admin.connect() as connection:
            connection.execute(text(f"CREATE DATABASE test{self._count} TEMPLATE {pattern}"))
        return self._url(f"test{self._count}")

    def emptied(self) -> str:
        """The one database that most tests share, emptied: making a new one costs half a second."""
        if self._shared is None:
            self._shared = self.new()
        cleaner = create_engine(self._shared)
        with cleaner.begin() as connection:
            connection.execute(text("TRUNCATE sessions CASCADE"))
        cleaner.dispose()
        return self._shared

    def stop(self) -> None:
        self.admin.dispose()
        self._run("pg_ctl", "-D", str(self.folder / "data"), "-m", "immediate", "stop")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    if _binary("initdb") is None or _binary("pg_ctl") is None:
        pytest.skip("PostgreSQL's initdb and pg_ctl are not installed, so the contract ran on SQLite only.")
    folder = Path(tempfile.mkdtemp(prefix="rhapsode-postgres-"))
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
    cluster = Postgres(folder)
    yield cluster
    cluster.stop()
    shutil.rmtree(folder)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/rhapsode.db"
    cluster: Postgres = request.getfixturevalue("postgres")
    return cluster.emptied()


@pytest.fixture
async def log(url: str, clock: Clock) -> AsyncIterator[Log]:
    opened = await Log.open(url, clock=clock)
    yield opened
    await opened.close()


@dataclass
class Talk:
    """What tests do again and again: make a session, say something, take the turn, call a tool, end it."""

    log: Log

    async def session(self, owner: str = "ada", **fields: Any) -> str:
        return (await self.log.make_session(owner, **fields)).last.session

    async def say(self, session: str, words: str = "Hello", *, command: Command | None = None, **fact: Any) -> str:
        said = Draft(fact=UserSaid(text=words, **fact), by="user", turn=new_id("turn"))
        turn = (await self.log.append(session, [said], command=command)).last.turn
        assert turn is not None
        return turn

    async def take(self, holder: str = "server-1", lease_s: float = 30) -> TurnLease:
        lease = await self.log.take_turn(holder, lease_s=lease_s)
        assert lease is not None
        return lease

    async def call(self, lease: TurnLease, call: str = "call-1", *, owner: JobLease | None = None, **fact: Any) -> str:
        job = new_id("job")
        fields: dict[str, Any] = {
            "call": call,
            "tool": "draw_picture",
            "args": {"prompt": "a castle"},
            "job": job,
        } | fact
        drafts = [
            Draft(fact=ToolCalled(**fields), by="agent", turn=lease.turn),
            Draft(fact=JobQueued(job=job, call=call, tool=fields["tool"]), by="engine", turn=lease.turn),
        ]
        await self.log.append(lease.session, drafts, fence=owner.fence if owner else lease.fence)
        return job

    async def take_job(
        self, holder: str = "server-1", lease_s: float = 30, lanes: tuple[str, ...] = ("heavy",)
    ) -> JobLease:
        lease = await self.log.take_job(holder, lanes=lanes, lease_s=lease_s)
        assert lease is not None
        return lease

    async def finish(self, lease: JobLease, text: str = "Done.", assets: tuple[AssetSaved, ...] = ()) -> Appended:
        facts = [*assets, JobFinished(job=lease.job, text=text, assets=tuple(asset.asset for asset in assets))]
        drafts = [Draft(fact=fact, by="tool", turn=lease.turn) for fact in facts]
        return await self.log.append(lease.session, drafts, fence=lease.fence)

    async def done(self, lease: TurnLease) -> Appended:
        return await self.log.append(
            lease.session, [Draft(fact=TurnDone(), by="agent", turn=lease.turn)], fence=lease.fence
        )

    async def whole_turn(self, session: str, words: str = "Hello") -> str:
        turn = await self.say(session, words)
        await self.done(await self.take())
        return turn

    async def kinds(self, session: str, **query: Any) -> list[str]:
        return [event.kind for event in await self.log.events(session, **query)]

    def picture(
        self, asset: str, blob: str = "0" * 64, *, parents: tuple[str, ...] = (), job: str | None = None
    ) -> AssetSaved:
        made = Provenance(tool="draw_picture", method="illustrator", parents=parents)
        return AssetSaved(asset=asset, media="image/png", blob=blob, size=1, name="a.png", job=job, provenance=made)


@pytest.fixture
def talk(log: Log) -> Talk:
    return Talk(log)


@pytest.fixture
def talk_on() -> type[Talk]:
    return Talk
