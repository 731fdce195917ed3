"""The one name that plug-in authors import.

Everything that a tool needs comes from here: ``from rhapsode import AssetRef, Result, ToolContext, ToolError, tool``.
A plug-in that brings a model of its own also takes ``Chosen`` and ``loader``.
"""

from tools.context import OpenAsset, Saved, ToolContext
from tools.declare import AssetRef, Result, Tool, tool
from tools.errors import Cancelled, ModelMissing, ToolError
from tools.loaders import Chosen, loader

__all__ = [
    "AssetRef",
    "Cancelled",
    "Chosen",
    "ModelMissing",
    "OpenAsset",
    "Result",
    "Saved",
    "Tool",
    "ToolContext",
    "ToolError",
    "loader",
    "tool",
]
