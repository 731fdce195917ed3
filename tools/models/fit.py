"""How a language model file is served within the memory of this machine: fewer slots rather than shorter ones."""

import os
from pathlib import Path

import psutil

from tools.errors import ModelMissing
from tools.loaders import Chosen
from tools.models.catalogue import Entry
from tools.models.gguf import Gguf, read_gguf
from tools.models.llm_process import LlmConfig
from tools.models.resolve import LLM, ModelSettings

REPACKED = 1.5
"""Bytes of memory a byte of weights: llama.cpp keeps some of them a second time, in an order that its kernels like."""


def fit(chosen: Chosen, entry: Entry | None, settings: ModelSettings, budget: int, slot_folder: Path) -> LlmConfig:
    """Decide slots, context and threads for a file.

    Args:
        chosen: the file, or a folder with a GGUF file in it.
        entry: its catalogue entry, where it has one.
        settings: what the user asked for.
        budget: bytes that models may hold.
        slot_folder: where saved prefixes lie.

    Raises:
        ModelMissing: there is no GGUF file.
        BadGguf: the file is none.
    """
    assert chosen.path is not None
    path = chosen.path if chosen.path.is_file() else next(iter(sorted(chosen.path.glob("*.gguf"))), chosen.path)
    if not path.is_file():
        raise ModelMissing(LLM, f"{path} holds no GGUF file: rhapsode models use PATH_OR_URL.")
    shape, choice = read_gguf(path), settings.tasks.get(LLM)
    trained = shape.context or settings.slot_tokens
    context = min((choice.context if choice else None) or settings.slot_tokens, trained)
    room = min(budget, psutil.virtual_memory().available)
    return LlmConfig(
        path=path,
        model=chosen.model or shape.name,
        slot_folder=slot_folder.absolute(),
        context=context,
        slots=slots_in(room - path.stat().st_size * REPACKED, shape, context, settings.slots),
        threads=settings.threads or threads_here(),
        gpu_layers=settings.gpu_layers,
        profile=(choice.profile if choice else None) or (entry.profile if entry else "constrained"),
        sha256=chosen.sha256,
        licence=chosen.licence or shape.licence or None,
    )


def slots_in(room: float, shape: Gguf, context: int, most: int) -> int:
    """Slots of ``context`` tokens that fit in ``room`` bytes, from one to ``most``."""
    return max(1, min(most, int(room / max(shape.token_bytes * context, 1))))


def threads_here() -> int:
    """Threads for the language model: the real cores that this process may use, at most eight."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(psutil.cpu_count(logical=False) or allowed, allowed, 8))
