"""The one name that plug-in authors import.

Everything that a tool needs comes from here: ``from rhapsode import AssetRef, Result, ToolContext, ToolError, tool``.
"""

from tools.context import OpenAsset, Saved, ToolContext
from tools.declare import AssetRef, Result, Tool, tool
from tools.errors import Cancelled, ModelMissing, ToolError

__all__ = [
    "AssetRef",
    "Cancelled",
    "ModelMissing",
    "OpenAsset",
    "Result",
    "Saved",
    "Tool",
    "ToolContext",
    "ToolError",
    "tool",
]
