"""Says whether a CPU build of torch is to be had here without gigabytes: ``python -m tests.cpu_torch``.

Asks pip what it would install for the pinned version, without installing it. On macOS the registry's own build is for the CPU;
elsewhere it brings CUDA and counts as not to be had. Exit status 0: installed, or to be had. 3: neither.
"""

import importlib.util
import json
import subprocess
import sys

TORCH = "torch==2.13.0"


def offered() -> str | None:
    """Version of the build that pip would install, without its dependencies; None where it finds none."""
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--dry-run", "--no-deps", "--ignore-installed"]
    result = subprocess.run(
        [*command, "--only-binary", ":all:", "--report", "-", TORCH], capture_output=True, text=True
    )
    if result.returncode:
        return None
    return str(json.loads(result.stdout)["install"][0]["metadata"]["version"])


def main() -> int:
    """Answer in one line and an exit status."""
    if importlib.util.find_spec("torch"):
        print("torch is installed.")
        return 0
    version = offered()
    if version and (version.endswith("+cpu") or sys.platform == "darwin"):
        print(f"A CPU build of torch can be installed: {version}.")
        return 0
    print(f"SKIPPED: no CPU build of torch to be had (found {version}); tests marked torch will say so.")
    return 3


if __name__ == "__main__":
    sys.exit(main())
