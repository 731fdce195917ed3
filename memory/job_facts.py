"""Facts of a job: a tool was called, ran, and made something."""

from typing import Any, Literal

from pydantic import Field

from memory.values import Provenance, Value


class ToolCalled(Value):
    """A tool was asked to run: opens the job ``job``. ``attempt_no`` rises only by a person's retry or edit."""

    kind: Literal["tool.called"] = "tool.called"
    v: Literal[1] = 1
    call: str
    tool: str
    args: dict[str, Any]
    job: str
    attempt_no: int = 1
    parent_job: str | None = None
    lane: str = "heavy"
    external: bool = False


class ToolAnswered(Value):
    """What the model was told of a call: a result, an error in words, or that the job goes on in the background."""

    kind: Literal["tool.answered"] = "tool.answered"
    v: Literal[1] = 1
    call: str
    text: str
    assets: tuple[str, ...] = ()
    status: Literal["done", "failed", "running", "cancelled"] = "done"
    final: bool = False
    """The text is the reply as it stands: there is nothing that a model could add but inventions."""


class JobQueued(Value):
    """The job waits for a worker; clients show its card."""

    kind: Literal["job.queued"] = "job.queued"
    v: Literal[1] = 1
    job: str
    call: str
    tool: str
    title: str = ""


class JobRetried(Value):
    """A run of the job was lost (its worker or server died) and another begins."""

    kind: Literal["job.retried"] = "job.retried"
    v: Literal[1] = 1
    job: str
    attempt: int
    reason: str


class JobFinished(Value):
    """Terminal. ``text`` is the one sentence for the model; ``assets`` were saved in the same transaction."""

    kind: Literal["job.finished"] = "job.finished"
    v: Literal[1] = 1
    job: str
    text: str
    assets: tuple[str, ...] = ()
    seconds: float = 0.0
    data: dict[str, Any] = Field(default_factory=dict)


class JobFailed(Value):
    """Terminal. ``error`` is safe words for a person; ``fix`` a command that mends it, where there is one."""

    kind: Literal["job.failed"] = "job.failed"
    v: Literal[1] = 1
    job: str
    error: str
    fix: str | None = None
    bug: bool = False


class JobCancelled(Value):
    """Terminal: the job was stopped before it committed anything."""

    kind: Literal["job.cancelled"] = "job.cancelled"
    v: Literal[1] = 1
    job: str
    reason: str = ""


class AssetSaved(Value):
    """Something was made or uploaded. ``blob`` is the sha256 of the bytes as stored, ``pixels`` of the decoded content.

    ``meta`` holds media facts: ``width``, ``height`` (pixels), ``seconds``, ``sample_rate`` (Hz), ``caption``, ``scene`` ….
    """

    kind: Literal["asset.saved"] = "asset.saved"
    v: Literal[1] = 1
    asset: str
    media: str
    blob: str
    size: int
    name: str
    pixels: str | None = None
    job: str | None = None
    meta: dict[str, Any] = Field(default_factory=dict)
    provenance: Provenance
