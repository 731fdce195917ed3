"""The served LLM as a LangChain chat model.

Tokens do not pass through LangChain: a run manager and a message chunk per token cost six times the whole rest of the path
(measured 280 µs against 48 µs). So ``_agenerate`` hands every delta to ``say`` at once and returns one whole message; to
LangChain this is a model that does not stream.
"""

from collections.abc import Callable, Sequence
from typing import Any

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, ToolMessage, convert_to_openai_messages
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.runnables import Runnable
from langchain_core.utils.function_calling import convert_to_openai_tool
from pydantic import ConfigDict

from memory.events import Call
from tools.models.chat import Answer, ChatClient
from tools.models.endpoint import Purpose


class ServedChat(BaseChatModel):
    """A chat model over :class:`tools.models.chat.ChatClient`.

    Args:
        client: who asks the server.
        say: gets each text delta as it comes; None where nobody watches.
        purpose: which prompt prefix the request belongs to.
        max_tokens: the longest answer.
        temperature: 0 is deterministic.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    client: ChatClient
    say: Callable[[str], None] | None = None
    purpose: Purpose = "chat"
    max_tokens: int = 512
    temperature: float = 0.6
    offered: list[dict[str, Any]] | None = None

    @property
    def _llm_type(self) -> str:
        return "rhapsode-served"

    def bind_tools(self, tools: Sequence[Any], **kwargs: Any) -> Runnable[Any, AIMessage]:
        """Offer tools by the model's own tool calls (the native profile)."""
        return self.model_copy(update={"offered": [convert_to_openai_tool(tool) for tool in tools] or None})

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        raise TypeError("ServedChat is asynchronous: call ainvoke.")

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        answer = await self.client.chat(
            _plain(messages),
            on_delta=self.say,
            max_tokens=self.max_tokens,
            temperature=self.temperature,
            tools=self.offered,
            stop=stop or (),
            purpose=self.purpose,
        )
        return ChatResult(generations=[ChatGeneration(message=whole_message(answer))])


def _plain(messages: list[BaseMessage]) -> list[dict[str, Any]]:
    converted = convert_to_openai_messages(messages)
    return converted if isinstance(converted, list) else [converted]


def whole_message(answer: Answer) -> AIMessage:
    """The LangChain message of a whole answer."""
    return AIMessage(
        content=answer.text,
        tool_calls=[{"name": call.tool, "args": call.args, "id": call.id} for call in answer.calls],
        response_metadata={"model": answer.model, "finish": answer.finish},
    )


def recorded_message(text: str, calls: Sequence[Call], model: str) -> AIMessage:
    """The LangChain message of an answer that the log kept."""
    return AIMessage(
        content=text,
        tool_calls=[{"name": call.tool, "args": call.args, "id": call.id} for call in calls],
        response_metadata={"model": model},
    )


def tool_message(call: str, text: str, *, failed: bool = False) -> ToolMessage:
    """What the model is told of a call."""
    return ToolMessage(content=text, tool_call_id=call, status="error" if failed else "success")
