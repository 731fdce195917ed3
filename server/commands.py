"""What a client may ask of a session, each turned into facts.

A command is accepted when its facts are committed, under its id: the same id again answers with the same place in the log,
and with another body it is a conflict. Nothing else happens here; whoever acts on a fact sees it because it was committed.
"""

import contextlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from memory.append import recorded
from memory.erase import Derived, Target, erase
from memory.events import (
    Draft,
    Fact,
    JobQueued,
    QuestionAnswered,
    QuestionAsked,
    SessionChanged,
    ToolCalled,
    UserSaid,
)
from memory.ids import new_id
from memory.log import Appended, Ended
from memory.log import Command as Idempotent
from memory.rows import AssetRow, JobRow, SessionRow
from server.auth import Principal
from server.house import House
from server.limits import check_text
from server.refusal import NOT_FOUND, Refusal
from server.wire import Ack, Answer, Cancel, Command, Erase, Forget, Keep, Rename, Retry, RunTool, Say
from tools.declare import Tool
from tools.errors import ToolError
from tools.references import Ambiguous, resolve


async def execute(house: House, who: Principal, session: str, command: Command) -> Ack:
    """Accept a command of someone who may.

    Raises:
        Refusal: too often, not theirs, or wrong in itself. Whatever the log and the tools refuse passes through.
    """
    house.rate.spend(who.owner)
    await house.readable(session, who)
    asked = Asked(house, who, session, command)
    match command:
        case Say():
            appended = await asked.say(command)
        case Cancel():
            appended = await house.log.cancel(session, command.target, command.target_id, command=asked.key)
        case Answer():
            appended = await asked.answer(command)
        case Retry():
            appended = await asked.retry(command)
        case Rename():
            appended = await asked.append(SessionChanged(title=command.title.strip()))
        case RunTool():
            appended = await asked.call(command)
        case Keep():
            keep = partial(house.recall.keep, session, command.text, owner=who.owner, command=asked.key)
            appended = await asked.once(keep)
        case Forget():
            forget = partial(
                house.recall.forget,
                session,
                command.memory,
                owner=who.owner,
                reason=command.reason,
                command=asked.key,
            )
            appended = await asked.once(forget)
        case Erase():
            appended = await asked.erase(command)
    house.metrics.commands.labels(command.name).inc()
    return asked.ack(appended)


class Asked:
    """One command under way."""

    def __init__(self, house: House, who: Principal, session: str, command: Command) -> None:
        self._house, self._who, self._session, self._command = house, who, session, command
        body = command.model_dump(mode="json", exclude={"id"})
        self.key = Idempotent(who.owner, command.id, {"session": session, **body})

    async def append(self, *facts: Fact, turn: str | None = None) -> Appended:
        """Append facts that this command states."""
        drafts = [Draft(fact=fact, by="user", turn=turn) for fact in facts]
        return await self._house.log.append(self._session, drafts, command=self.key)

    def ack(self, appended: Appended) -> Ack:
        """Say where it is in the log."""
        first = appended.events[0]
        job = next((event.fact.job for event in appended.events if isinstance(event.fact, ToolCalled)), None)
        return Ack(
            id=self._command.id,
            session=self._session,
            seq=first.seq,
            turn=first.turn,
            job=job,
            repeated=appended.repeated,
        )

    async def once(self, work: Callable[[], Awaitable[object]]) -> Appended:
        """What a command's work appended, where another module appends it; done before, it is not done again."""
        if (done := await self._recorded()) is not None:
            return done
        await work()
        appended = await self._recorded()
        assert appended is not None
        return replace(appended, repeated=False)

    async def _recorded(self) -> Appended | None:
        return await self._house.log.write(lambda transaction: recorded(transaction, self.key, self._session))

    async def say(self, command: Say) -> Appended:
        """Open a turn with a person's words; while a question waits in this session, they are its answer."""
        if not (command.assets and not command.text):
            check_text(command.text)
        for asset in command.assets:
            await self._house.assets.get(asset, reader=self._who.owner)
        waiting = await self._house.log.waiting(self._session)
        if waiting and waiting.question and not command.assets:
            with contextlib.suppress(Ended):  # answered or run out a moment ago: then it is a new request
                fact = QuestionAnswered(question=waiting.question, answer=command.text)
                return await self.append(fact, turn=waiting.id)
        return await self.append(UserSaid(text=command.text, assets=command.assets), turn=new_id("turn"))

    async def answer(self, command: Answer) -> Appended:
        """Answer the question that a turn waits for."""
        check_text(command.answer)
        events = await self._house.log.events(self._session, reader=self._who.owner)
        for event in reversed(events):
            if isinstance(event.fact, QuestionAsked) and event.fact.question == command.question:
                fact = QuestionAnswered(question=command.question, answer=command.answer)
                return await self.append(fact, turn=event.turn)
        raise Refusal(404, "not_found", "There is no such question in this session.")

    async def retry(self, command: Retry) -> Appended:
        """Run an ended job once more: the same call, a new job, the next try."""
        job = await self._job(command.job)
        if not job.ended:
            raise Refusal(409, "running", "This job has not ended yet.", "Cancel it first, or wait.")
        jobs = await self._house.log.jobs(self._session)
        tries = [other.attempt_no for other in jobs if (other.turn, other.call) == (job.turn, job.call)]
        tool = self._house.registry.get(job.tool)
        return await self._call(tool, job.args, job.call, max(tries) + 1, job.turn)

    async def _job(self, job: str) -> JobRow:
        row = await self._house.log.job(job)
        if row is None or row.session != self._session:
            raise Refusal(404, "not_found", NOT_FOUND)
        return row

    async def call(self, command: RunTool) -> Appended:
        """Run one tool without the agent."""
        registry = self._house.registry
        tool = registry.get(command.tool)
        assets = await self._house.assets.listed(self._session)
        args = point(tool, command.args, assets)
        return await self._call(tool, registry.check(command.tool, args), f"call.{command.id}", 1, None)

    async def _call(self, tool: Tool, args: dict[str, Any], call: str, attempt_no: int, turn: str | None) -> Appended:
        job = new_id("job")
        called = ToolCalled(
            call=call,
            tool=tool.name,
            args=args,
            job=job,
            attempt_no=attempt_no,
            lane=tool.lane,
            external=tool.effect == "external",
        )
        queued = JobQueued(job=job, call=call, tool=tool.name, title=tool.title.get("en", tool.name))
        return await self.append(called, queued, turn=turn)

    async def erase(self, command: Erase) -> Appended:
        """Overwrite content for ever. Only an owner may."""
        if not (command.session or command.seqs or command.memory):
            raise Refusal(422, "nothing", "Nothing is named to erase.", "Give seqs, a memory, or session: true.")
        house = self._house
        target = Target(self._session, command.seqs, command.memory, command.session)
        return await erase(
            house.log, house.assets, target, who=self._who.owner, command=self.key, derived=derived(house)
        )


def derived(house: House) -> tuple[Derived, ...]:
    """What must be made again after erasing, so that no trace is left in it."""
    return (house.recall.catch_up,)


async def session_row(house: House, session: str) -> SessionRow:
    """The session's row."""
    return await house.log.session(session)


def point(tool: Tool, args: dict[str, Any], assets: Sequence[AssetRow]) -> dict[str, Any]:
    """Replace words that point at assets ("attached 2") by their ids, in every parameter that refers to one.

    Raises:
        ToolError: nothing, or several things, fit.
    """
    attached = [row.id for row in assets if row.job is None]
    pointed = dict(args)
    for name in tool.asset_fields():
        words = args.get(name)
        if isinstance(words, str):
            pointed[name] = _one(words, assets, attached)
        elif isinstance(words, list):
            pointed[name] = [_one(each, assets, attached) if isinstance(each, str) else each for each in words]
    return pointed


def _one(words: str, assets: Sequence[AssetRow], attached: Sequence[str]) -> str:
    found = resolve(words, assets, attached)
    if found is None:
        raise ToolError(f"Nothing here is called {words!r}. Attach a file, or name an asset by its id.")
    if isinstance(found, Ambiguous):
        raise ToolError(str(found))
    return found
