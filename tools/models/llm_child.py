"""The child process that is llama.cpp: ``python -m tools.models.llm_child``, one JSON line in, one JSON line out.

It holds nothing that matters, so that it may be killed at any moment, and it never outlives its parent: it ends when its
standard input does, and on Linux the kernel ends it even in the middle of loading. Its port is chosen by the system.
OMP_WAIT_POLICY (set by the parent) makes its threads sleep at barriers instead of spinning, without which two threads on a
busy machine of two cores fall to a tenth of one thread's speed.
"""

import ctypes
import json
import os
import signal
import sys
import threading
from typing import Any


def _die_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
        if os.getppid() == 1:
            os._exit(1)


def _watch_parent() -> None:
    while sys.stdin.buffer.readline():
        pass
    os._exit(0)


def _params(config: dict[str, Any]) -> Any:
    """llama.cpp's parameters for a configuration; see ``LlmConfig.child``."""
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = config["path"]
    params.n_ctx = config["context"] * config["slots"]
    params.n_parallel = config["slots"]
    params.kv_unified = False  # a slot's room is its own: one long job cannot starve a chat
    params.cpuparams.n_threads = config["threads"]
    params.cpuparams_batch.n_threads = config["threads"]
    params.n_gpu_layers = config["gpu_layers"]
    params.fit_params = False
    params.cache_ram_mib = config["cache_mib"]
    params.cache_idle_slots = False  # idle slots keep their prompts: that is what purposes have slots for
    params.slot_save_path = config["slot_folder"]
    params.api_keys = [config["key"]]
    params.port = 0
    params.endpoint_slots = True
    params.endpoint_props = True
    params.ui = False
    params.warmup = True
    params.use_jinja = True
    params.model_alias = {config["model"]}
    params.verbosity = 1
    return params


def main() -> None:
    """Serve until standard input ends."""
    _die_with_parent()
    config = json.loads(sys.stdin.buffer.readline())
    threading.Thread(target=_watch_parent, daemon=True).start()
    import xllamacpp

    server = xllamacpp.Server(_params(config))
    sys.stdout.write(json.dumps({"url": server.listening_address}) + "\n")
    sys.stdout.flush()
    threading.Event().wait()


if __name__ == "__main__":
    main()
