"""The loop of one turn: LangChain's ``create_agent`` with our middleware, built once and run for every turn.

    Recorded     every message with calls becomes a fact before a call runs; a recorded one is not thought again
    Constrained  for small models: decide and fill once, run, then one short reply with no tools offered
    Jobs         a call is a job in the log; a slow one is answered "it is being made" and the chat goes on

No checkpointer and no interrupts: the log is the checkpoint, and a question ends the attempt (:class:`Waiting`).
This module imports LangChain (two seconds of CPU), so the agent imports it after the door is open.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from langchain.agents import create_agent
from langchain.agents.middleware import AgentMiddleware, ModelRequest, ModelResponse
from langchain.agents.middleware.types import ToolCallRequest
from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, ToolMessage
from langchain_core.tools import StructuredTool

from agent import context
from agent.chat_model import ServedChat, recorded_message, tool_message
from agent.choose import Chooser
from agent.engine_words import engine_words
from agent.settings import AgentSettings
from agent.turn import Turn, Waiting
from memory.events import (
    Call,
    JobFailed,
    JobFinished,
    JobQueued,
    ModelAnswered,
    QuestionAsked,
    ToolAnswered,
    ToolCalled,
)
from memory.ids import new_id
from prompts import prompt
from tools.declare import Tool
from tools.errors import ToolError
from tools.models.chat import ChatClient
from tools.references import Ambiguous, resolve
from tools.registry import Registry

Handler = Callable[[ModelRequest[Turn]], Awaitable[ModelResponse[Any]]]


@dataclass(slots=True)
class Parts:
    """What the middleware works with."""

    registry: Registry
    chat: ChatClient
    chooser: Chooser
    model_ready: Callable[[], bool]
    settings: AgentSettings
    recall: Callable[[Turn], Coroutine[Any, Any, None]] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Reply:
    """The closing words of a turn, and who wrote them; an empty model means the engine."""

    text: str
    model: str


class Recorded(AgentMiddleware[Any, Turn]):
    """Keeps every message with calls as a fact before any of them runs, and replays kept ones."""

    async def awrap_model_call(self, request: ModelRequest[Turn], handler: Handler) -> ModelResponse[Any] | AIMessage:
        """Answer from the log where it knows this step; else ask and keep."""
        turn = request.runtime.context
        turn.step += 1
        if known := turn.answered.get(turn.step):
            return recorded_message(known.text, known.calls, known.model)
        response = await handler(request)
        message = response.result[0]
        if isinstance(message, AIMessage) and message.tool_calls:
            calls = tuple(
                Call(id=call["id"] or f"c{turn.step}", tool=call["name"], args=call["args"])
                for call in message.tool_calls
            )
            model = str(message.response_metadata.get("model", ""))
            await turn.append(ModelAnswered(step=turn.step, text=message.text, calls=calls, model=model))
        return response


class Constrained(AgentMiddleware[Any, Turn]):
    """One decision, then one reply without tools. Does nothing where the model's own tool calls can be trusted."""

    def __init__(self, parts: Parts) -> None:
        super().__init__()
        self._parts = parts

    async def awrap_model_call(self, request: ModelRequest[Turn], handler: Handler) -> ModelResponse[Any] | AIMessage:
        """Choose at the first step, speak at the later ones."""
        turn, parts = request.runtime.context, self._parts
        ready = parts.model_ready()
        if ready and (await parts.chat.endpoint()).profile == "native":
            if turn.step == 0:
                await parts.recall(turn)
            messages = [*await self._messages(turn), *request.messages[1:]]  # the first is the bare request
            return await handler(request.override(messages=messages, model=self._speaker(turn)))
        if turn.step == 0:
            await parts.recall(turn)
            calls = [] if ready else await parts.chooser.nearest(turn)
            calls = calls or await parts.chooser.choose(turn)  # waits for a model that is still coming
            if calls:
                return recorded_message("", calls, "")
            messages = await self._messages(turn)
        elif ready and self._wants_words(turn):
            messages = self._closing(turn)
        else:
            return AIMessage(_outcome_words(turn))
        return await handler(request.override(messages=messages, tools=[], model=self._speaker(turn)))

    def _wants_words(self, turn: Turn) -> bool:
        """Whether a result must be put into words; most tools' own sentence is the better reply, and there at once."""
        done = {call for call, told in turn.told.items() if told.status == "done" and not told.final}
        tools = [self._parts.registry.tools.get(called.tool) for call, called in turn.called.items() if call in done]
        return any(tool.informs for tool in tools if tool)

    def _speaker(self, turn: Turn) -> ServedChat:
        settings = self._parts.settings
        return ServedChat(
            client=self._parts.chat, say=turn.say, max_tokens=settings.max_tokens, temperature=settings.temperature
        )

    async def _messages(self, turn: Turn) -> list[AnyMessage]:
        """History and request, within what the model's context leaves beside persona and answer."""
        endpoint = await self._parts.chat.endpoint()
        room = endpoint.context - self._parts.settings.max_tokens - context.estimate_tokens(persona()) - 64
        request, cut = context.clip(turn.request, room // 2)
        if cut:
            turn.notices.append(engine_words("clipped", turn.language, count=cut))
        last = context.last_message(
            turn.language,
            [memory.text for memory in turn.memories],
            context.handles(turn.things, turn.language),
            request,
            turn.instructions,
        )
        said = context.conversation(turn.events, before=turn.seq)
        return [*context.history(said, room - context.estimate_tokens(last)), HumanMessage(last)]

    def _closing(self, turn: Turn) -> list[AnyMessage]:
        request, _ = context.clip(turn.request, 1000)
        outcomes = [told.text for told in turn.told.values()]
        return [HumanMessage(prompt("agent/close").render(language=turn.language, outcomes=outcomes, request=request))]


class Jobs(AgentMiddleware[Any, Turn]):
    """Runs calls as jobs of the log."""

    def __init__(self, parts: Parts) -> None:
        super().__init__()
        self._parts = parts

    async def awrap_tool_call(
        self, request: ToolCallRequest, handler: Callable[[ToolCallRequest], Awaitable[Any]]
    ) -> ToolMessage:
        """Start the call's job unless the log has it, wait as long as its cost allows, and tell the model."""
        turn = _turn(request)
        call = Call(id=request.tool_call["id"] or "", tool=request.tool_call["name"], args=request.tool_call["args"])
        told = turn.told.get(call.id)
        if told is None:
            called = turn.called.get(call.id) or await self._start(turn, call)
            told = called if isinstance(called, ToolAnswered) else await self._wait(turn, called)
            await turn.append(told, by="engine")
        return tool_message(call.id, told.text, failed=told.status == "failed")

    async def _start(self, turn: Turn, call: Call) -> ToolCalled | ToolAnswered:
        tool = self._parts.registry.tools.get(call.tool)
        if tool is None:
            return ToolAnswered(call=call.id, text=f"There is no tool {call.tool}.", status="failed")
        try:
            args = self._parts.registry.check(call.tool, await self._complete(turn, tool, call))
        except ToolError as error:
            return ToolAnswered(call=call.id, text=str(error), status="failed")
        called = ToolCalled(
            call=call.id,
            tool=tool.name,
            args=args,
            job=new_id("job"),
            lane=tool.lane,
            external=tool.effect == "external",
        )
        title = tool.title.get(turn.language) or tool.title["en"]
        await turn.append(called, JobQueued(job=called.job, call=call.id, tool=tool.name, title=title))
        return called

    async def _complete(self, turn: Turn, tool: Tool, call: Call) -> dict[str, Any]:
        """Resolve references to assets, and ask for what is required and not there."""
        args = dict(call.args)
        for name in tool.asset_fields():
            if words := args.get(name):
                args[name] = self._point(turn, str(words))
        for name, info in tool.params.model_fields.items():
            if info.is_required() and info.annotation is str and not str(args.get(name) or "").strip():
                args[name] = await self._ask(turn, f"{call.id}.{name}", name, info.description or name)
        return args

    def _point(self, turn: Turn, words: str) -> str:
        found = resolve(words, turn.things, [thing.id for thing in turn.attached])
        if isinstance(found, Ambiguous):
            raise ToolError(str(found))
        if found is None:
            raise ToolError(f"Nothing here is “{words}”.")
        return found

    async def _ask(self, turn: Turn, question: str, name: str, description: str) -> str:
        if reply := turn.replies.get(question):
            if reply.answer:
                return reply.answer
            raise ToolError("The person did not say.")
        text = (
            engine_words("ask_text", turn.language)
            if name == "text"
            else engine_words("ask", turn.language, field=description)
        )
        if question not in turn.questions:
            deadline = datetime.now(UTC) + timedelta(seconds=self._parts.settings.question_s)
            await turn.append(QuestionAsked(question=question, text=text, deadline=deadline), by="engine")
        raise Waiting

    async def _wait(self, turn: Turn, called: ToolCalled) -> ToolAnswered:
        tool = self._parts.registry.tools.get(called.tool)
        patience = self._parts.settings.patience(tool.cost if tool else "quick")
        try:
            async with asyncio.timeout(patience):  # wait_for can swallow a cancellation on Python 3.11
                ended = await turn.log.job_end(called.job)
        except TimeoutError:
            return ToolAnswered(call=called.call, text=engine_words("running", turn.language), status="running")
        match ended.fact:
            case JobFinished(text=text, assets=assets, data=data):
                return ToolAnswered(call=called.call, text=text, assets=assets, final=bool(data.get("nothing")))
            case JobFailed(error=error, fix=fix):
                words = f"{error} {fix}" if fix else error
                return ToolAnswered(
                    call=called.call, text=engine_words("failed", turn.language, error=words), status="failed"
                )
        return ToolAnswered(call=called.call, text=engine_words("cancelled", turn.language), status="cancelled")


def _turn(request: ToolCallRequest) -> Turn:
    turn = request.runtime.context
    assert isinstance(turn, Turn)
    return turn


def persona() -> str:
    """The static system prompt of every reply."""
    return prompt("agent/reply").render()


def _outcome_words(turn: Turn) -> str:
    """What the tools said, as the reply."""
    return "\n".join(told.text for told in turn.told.values()) or engine_words("empty", turn.language)


class TurnGraph:
    """The compiled graph for one set of tools. Safe for any number of turns at once."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        tools = [_offer(tool) for tool in parts.registry.tools.values()]
        self._graph = create_agent(
            ServedChat(client=parts.chat),
            tools=tools,
            system_prompt=persona(),
            middleware=[Recorded(), Constrained(parts), Jobs(parts)],
            context_schema=Turn,
        )

    async def run(self, turn: Turn) -> Reply:
        """Think the turn to its closing words.

        Raises:
            Waiting: a question was asked; the attempt is over.
            ChatError, ModelMissing, ToolError: from the model.
            Fenced: the turn is another's by now.
        """
        limit = 2 * self._parts.settings.steps + 2
        result = await self._graph.ainvoke(
            {"messages": [HumanMessage(turn.request)]}, context=turn, config={"recursion_limit": limit}
        )
        last = result["messages"][-1]
        return Reply(last.text, str(last.response_metadata.get("model", "")))


def _offer(tool: Tool) -> StructuredTool:
    """A tool as LangChain knows it. It never runs there: the Jobs middleware takes every call."""

    async def never(**_: Any) -> str:
        raise RuntimeError("A tool runs as a job, never inside the loop.")

    return StructuredTool(
        name=tool.name, description=tool.doc, args_schema=tool.params.model_json_schema(), coroutine=never
    )
