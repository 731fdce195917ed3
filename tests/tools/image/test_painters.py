"""Text-to-image models: a tiny pipeline that is made and saved here, and an endpoint on a real socket."""

import base64
import io
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tools.errors import Cancelled, ModelMissing, ToolError
from tools.image.painters import TASK, Order, load_diffusers, load_remote
from tools.loaders import Chosen, loader_for

ORDER = Order("a goat", "fog", 64, 64, 11)


class Endpoint(BaseHTTPRequestHandler):
    """Answers like an images endpoint, in the way its server's ``mood`` says."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append((self.path, self.headers.get("Authorization"), asked))  # type: ignore[attr-defined]
        picture = io.BytesIO()
        Image.new("RGB", (32, 32), (200, 30, 60)).save(picture, "PNG")
        good = {"created": 1, "data": [{"b64_json": base64.b64encode(picture.getvalue()).decode()}]}
        mood = self.server.mood  # type: ignore[attr-defined]
        status, body = {
            "good": (200, good),
            "link": (200, {"created": 1, "data": [{"url": "http://x/y"}]}),
            "key": (401, {"error": {"message": "no"}}),
            "bad": (400, {"error": {"message": "size"}}),
        }[mood]
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Silent."""


@pytest.fixture
def endpoint() -> Iterator[Any]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Endpoint)
    server.asked, server.mood = [], "good"  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join(5)
    server.server_close()


def remote(endpoint: Any) -> Any:
    chosen = Chosen(
        TASK,
        "cloud",
        engine="openai",
        kind="remote",
        url=f"http://127.0.0.1:{endpoint.server_port}/v1",
        key="k-1",
        model="brush-1",
    )
    return loader_for(chosen).load(chosen)


def test_a_remote_endpoint_paints(endpoint: Any) -> None:
    steps: list[float] = []
    picture = remote(endpoint).paint(ORDER, lambda share, _stage, _preview: steps.append(share))
    path, key, asked = endpoint.asked[0]
    assert picture.size == (64, 64)
    assert picture.getpixel((5, 5)) == (200, 30, 60)
    assert (path, key) == ("/v1/images/generations", "Bearer k-1")
    assert (asked["model"], asked["size"], asked["prompt"]) == ("brush-1", "64x64", "a goat\nAvoid: fog")
    assert steps == [0.1, 0.9]


def test_a_refused_key_names_the_command_that_sets_it(endpoint: Any) -> None:
    endpoint.mood = "key"
    with pytest.raises(ModelMissing, match="rhapsode models use"):
        remote(endpoint).paint(ORDER, lambda *_: None)


@pytest.mark.parametrize(("mood", "words"), [("bad", "did not answer"), ("link", "b64_json")])
def test_a_useless_answer_is_told_in_words(endpoint: Any, mood: str, words: str) -> None:
    endpoint.mood = mood
    with pytest.raises(ToolError, match=words):
        remote(endpoint).paint(ORDER, lambda *_: None)


def test_a_remote_client_is_made_without_asking_anything(endpoint: Any) -> None:
    load_remote(Chosen(TASK, "cloud", url="http://127.0.0.1:1/v1"))
    assert not endpoint.asked


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Stable Diffusion of a few thousand random weights, saved as diffusers saves one."""
    pytest.importorskip("torch", reason="torch is not installed: make torch")
    import torch
    from diffusers import AutoencoderKL, DDIMScheduler, StableDiffusionPipeline, UNet2DConditionModel
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

    torch.manual_seed(0)
    target = tmp_path_factory.mktemp("tiny")
    letters = {
        mark: number
        for number, mark in enumerate(
            [
                "<|startoftext|>",
                "<|endoftext|>",
                *(f"{c}</w>" for c in "abcdefghijklmnopqrstuvwxyz"),
                *"abcdefghijklmnopqrstuvwxyz",
            ]
        )
    }
    (target / "vocab.json").write_text(json.dumps(letters))
    (target / "merges.txt").write_text("#version: 0.2\n")
    tokenizer = CLIPTokenizer(str(target / "vocab.json"), str(target / "merges.txt"), model_max_length=77)
    text = CLIPTextModel(
        CLIPTextConfig(
            vocab_size=len(letters),
            hidden_size=16,
            intermediate_size=16,
            num_hidden_layers=1,
            num_attention_heads=2,
            max_position_embeddings=77,
            bos_token_id=0,
            eos_token_id=1,
            pad_token_id=1,
        )
    )
    unet = UNet2DConditionModel(
        sample_size=8,
        block_out_channels=(8, 16),
        layers_per_block=1,
        norm_num_groups=4,
        cross_attention_dim=16,
        attention_head_dim=4,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
    )
    vae = AutoencoderKL(
        block_out_channels=(8, 8, 8, 8),
        norm_num_groups=4,
        latent_channels=4,
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
    )
    pipeline = StableDiffusionPipeline(
        vae=vae,
        text_encoder=text,
        tokenizer=tokenizer,
        unet=unet,
        scheduler=DDIMScheduler(clip_sample=False, steps_offset=1),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipeline.save_pretrained(target / "model", safe_serialization=True)
    return target / "model"


def tiny(folder: Path, **options: Any) -> Any:
    chosen = Chosen(TASK, "tiny", engine="diffusers", path=folder, options={"num_inference_steps": 3, **options})
    return loader_for(chosen).load(chosen)


@pytest.mark.torch
def test_a_pipeline_from_a_folder_paints_the_same_for_the_same_seed(folder: Path) -> None:
    painter = tiny(folder)
    first, again = (np.asarray(painter.paint(ORDER, lambda *_: None)) for _ in range(2))
    other = np.asarray(painter.paint(Order("a goat", "fog", 64, 64, 12), lambda *_: None))
    assert first.shape == (64, 64, 3)
    assert (first == again).all()
    assert (first != other).any()


@pytest.mark.torch
def test_a_pipeline_tells_each_step_and_stops_when_it_is_cancelled(folder: Path) -> None:
    steps: list[float] = []

    def told(share: float, _stage: str, _preview: object) -> None:
        steps.append(round(share, 2))
        if len(steps) == 2:
            raise Cancelled("stop")

    with pytest.raises(Cancelled):
        tiny(folder).paint(ORDER, told)
    assert steps == [0.33, 0.67]


@pytest.mark.torch
def test_the_scheduler_is_the_one_that_was_named(folder: Path) -> None:
    painter = tiny(folder, scheduler="EulerDiscreteScheduler")
    assert type(painter.pipeline.scheduler).__name__ == "EulerDiscreteScheduler"


@pytest.mark.torch
def test_a_pickle_is_refused(folder: Path, tmp_path: Path) -> None:
    pickle = tmp_path / "model.ckpt"
    pickle.write_bytes(b"\x80\x04.")
    with pytest.raises(ModelMissing, match="safetensors"):
        load_diffusers(Chosen(TASK, "old", engine="diffusers", kind="file", path=pickle))


@pytest.mark.torch
def test_a_folder_without_a_pipeline_is_told_in_words(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match="could not be loaded"):
        load_diffusers(Chosen(TASK, "nothing", engine="diffusers", path=tmp_path))
