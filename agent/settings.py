"""How the agent behaves; a section of the program's settings."""

from pydantic import BaseModel, ConfigDict, Field


class AgentSettings(BaseModel):
    """The ``[agent]`` section."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    turns: int = Field(default=128, ge=1, description="How many turns may run at once; others wait in order.")
    lease_s: float = Field(
        default=15.0, gt=0, description="Seconds after which a dead process's turn is taken up again."
    )
    steps: int = Field(
        default=8, ge=1, description="How many messages a model may write in one turn, tool calls included."
    )
    retries: int = Field(
        default=5, ge=0, description="How often a turn is begun again when the model server fails under it."
    )
    max_tokens: int = Field(default=512, ge=16, description="The longest reply, in tokens.")
    temperature: float = Field(
        default=0.5, ge=0, le=2, description="How freely replies are worded; 0 always words them the same."
    )
    memories: int = Field(default=5, ge=0, description="How many memories a reply may be given.")
    keep: bool = Field(default=True, description="Keep lasting statements about oneself without being asked.")
    wait_instant_s: float = Field(default=30.0, description="How long a reply waits for an instant tool.")
    wait_quick_s: float = Field(
        default=25.0, description="How long a reply waits for a quick tool before the chat goes on."
    )
    wait_slow_s: float = Field(
        default=0.2, description="How long a reply waits for a slow tool before the chat goes on."
    )
    question_s: float = Field(
        default=86_400.0, description="Seconds after which an unanswered question counts as unanswered."
    )

    def patience(self, cost: str) -> float:
        """Seconds that a reply waits for a tool of this cost."""
        return {"instant": self.wait_instant_s, "quick": self.wait_quick_s}.get(cost, self.wait_slow_s)
