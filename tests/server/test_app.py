"""What importing and starting costs, and what it pulls in."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HEAVY = ("torch", "diffusers", "transformers", "onnxruntime", "chromadb", "langchain", "cv2", "xllamacpp", "openai")


@pytest.mark.parametrize("module", ["server.app", "server.cli", "server.listen"])
def test_importing_the_server_pulls_in_nothing_heavy(module: str) -> None:
    code = f"import sys, {module}; print([name for name in {HEAVY!r} if name in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    assert ran.stdout.strip() == "[]"


def test_no_route_but_health_sign_in_and_the_page_answers_strangers() -> None:
    from server.app import build
    from server.door import GUARDED, PUBLIC
    from server.settings import Settings

    paths = build(Settings()).openapi()["paths"]
    assert [path for path in paths if path not in PUBLIC and not path.startswith(GUARDED)] == []
    assert frozenset({"/healthz", "/readyz", "/api/sign-in"}) == PUBLIC
