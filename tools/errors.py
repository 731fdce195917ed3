"""Errors by audience: the model and the user may repair a ToolError; a ModelMissing names the command that fixes it.

Anything else that a tool raises is a bug: it is logged with the job's id, and the user reads a safe sentence with that id.
"""


class ToolError(Exception):
    """Words for the model and the user: what was wrong with the request, and what would be right."""


class ModelMissing(Exception):
    """A task has no model here. ``fix`` is the command, or the setting, that gives it one."""

    def __init__(self, task: str, fix: str) -> None:
        super().__init__(f"Nothing here can do {task}. {fix}")
        self.task = task
        self.fix = fix


class Cancelled(Exception):
    """Raised from the context inside a tool when its job was cancelled. Let it pass; clean up in ``finally``."""
