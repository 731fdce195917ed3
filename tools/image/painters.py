"""Text-to-image models behind ``draw_picture``: a diffusers pipeline, or an OpenAI-compatible images endpoint.

Both are loaded by the worker through ``tools.loaders``; which one serves is the user's setting for the task ``image.generate``.
Only safetensors are opened, never pickles. Terms are diffusers' own: prompt, negative_prompt, num_inference_steps,
guidance_scale, seed.
"""

import base64
import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from PIL import Image

from tools.errors import ModelMissing, ToolError
from tools.loaders import Chosen, loader, threads

TASK = "image.generate"
OnStep = Callable[[float, str, "Image.Image | None"], None]


@dataclass(frozen=True, slots=True)
class Order:
    """What to paint. ``seed`` makes it repeatable where the model allows that."""

    prompt: str
    negative_prompt: str
    width: int
    height: int
    seed: int


class Painter(Protocol):
    """A model that paints a picture from words."""

    name: str

    def paint(self, order: Order, on_step: OnStep) -> Image.Image:
        """Paint one picture; ``on_step`` is told share, stage and preview, and may raise to cancel."""


class DiffusersPainter:
    """Any text-to-image pipeline of diffusers."""

    def __init__(self, pipeline: Any, name: str, options: dict[str, Any]) -> None:
        self.pipeline, self.name, self.options = pipeline, name, options

    def paint(self, order: Order, on_step: OnStep) -> Image.Image:
        """Run the pipeline; progress and cancellation at every step."""
        import inspect

        import torch

        takes = inspect.signature(self.pipeline.__call__).parameters
        steps = int(self.options.get("num_inference_steps", 28))

        def after(_pipeline: Any, step: int, _timestep: Any, values: dict[str, Any]) -> dict[str, Any]:
            on_step((step + 1) / max(steps, 1), f"step {step + 1} of {steps}", None)
            return values

        wanted = {
            "prompt": order.prompt,
            "negative_prompt": order.negative_prompt or None,
            "width": order.width // 8 * 8,
            "height": order.height // 8 * 8,
            "num_inference_steps": steps,
            "guidance_scale": self.options.get("guidance_scale"),
            "generator": torch.Generator("cpu").manual_seed(order.seed),
            "callback_on_step_end": after,
        }
        given = {name: value for name, value in wanted.items() if name in takes and value is not None}
        with torch.inference_mode():
            picture: Image.Image = self.pipeline(**given).images[0]
        return picture


@loader(TASK, "diffusers")
def load_diffusers(chosen: Chosen) -> DiffusersPainter:
    """Load a pipeline from a local folder, a hub id, or a single safetensors file.

    Options: ``num_inference_steps``, ``guidance_scale``, ``scheduler`` (a diffusers class name), ``dtype``, ``offline``.

    Raises:
        ModelMissing: the extra is not installed, or the files are not what they should be.
    """
    try:
        import diffusers
        import torch
    except ImportError:
        raise ModelMissing(TASK, "It needs diffusers: `make torch` in a checkout, else the extra `torch`.") from None
    options = chosen.options
    cuda = torch.cuda.is_available()
    dtype = getattr(torch, options.get("dtype", "float16" if cuda else "float32"))
    torch.set_num_threads(threads())
    source = str(chosen.path) if chosen.path else str(chosen.model or chosen.name.removeprefix("hub:"))
    try:
        if chosen.kind == "file":
            pipeline = _from_file(diffusers, source, dtype, options)
        else:
            pipeline = diffusers.AutoPipelineForText2Image.from_pretrained(
                source,
                dtype=dtype,
                use_safetensors=True,
                local_files_only=bool(chosen.path) or bool(options.get("offline")),
            )
    except (OSError, ValueError) as error:
        raise ModelMissing(
            TASK, f"{chosen.name} could not be loaded ({error}). Give a diffusers folder or a .safetensors file."
        ) from error
    if scheduler := options.get("scheduler"):
        pipeline.scheduler = getattr(diffusers, scheduler).from_config(pipeline.scheduler.config)
    pipeline.set_progress_bar_config(disable=True)
    pipeline.to("cuda" if cuda else "cpu")
    return DiffusersPainter(pipeline, chosen.model or chosen.name, options)


def _from_file(diffusers: Any, source: str, dtype: Any, options: dict[str, Any]) -> Any:
    """A single file: the pipeline's class is named by the option ``pipeline``, else Stable Diffusion XL or 1.x by its tensors."""
    if not source.endswith(".safetensors"):
        raise ValueError("only .safetensors files are opened; a pickle may run code")
    from safetensors import safe_open

    with safe_open(source, framework="pt") as file:
        large = any(key.startswith("conditioner.embedders.1") for key in file.keys())  # noqa: SIM118 -- not a dict
    kind = options.get("pipeline") or ("StableDiffusionXLPipeline" if large else "StableDiffusionPipeline")
    return getattr(diffusers, kind).from_single_file(source, dtype=dtype)


class RemotePainter:
    """An OpenAI-compatible images endpoint."""

    def __init__(self, client: Any, model: str, options: dict[str, Any]) -> None:
        self.client, self.name, self.options = client, model, options

    def paint(self, order: Order, on_step: OnStep) -> Image.Image:
        """Ask for one picture and fit it to the size that was asked."""
        import openai

        on_step(0.1, self.name, None)
        words = order.prompt + (f"\nAvoid: {order.negative_prompt}" if order.negative_prompt else "")
        size = self.options.get("size") or f"{order.width}x{order.height}"
        try:
            answer = self.client.images.generate(
                model=self.name, prompt=words, n=1, size=size, **self.options.get("extra", {})
            )
        except openai.AuthenticationError as error:
            raise ModelMissing(
                TASK, "The endpoint refused the key: rhapsode models use URL --key KEY --task image.generate."
            ) from error
        except openai.OpenAIError as error:
            raise ToolError(f"The picture service did not answer as it should: {error}") from error
        on_step(0.9, self.name, None)
        return self._decoded(answer.data[0]).resize((order.width, order.height), Image.Resampling.LANCZOS)

    def _decoded(self, one: Any) -> Image.Image:
        if not one.b64_json:
            raise ToolError(
                "The picture service sent a link instead of a picture. Set the option extra = {response_format = 'b64_json'}."
            )
        return Image.open(io.BytesIO(base64.b64decode(one.b64_json))).convert("RGB")


@loader(TASK, "openai", memory=1)
def load_remote(chosen: Chosen) -> RemotePainter:
    """Make a client of the endpoint; nothing is sent yet."""
    import openai

    client = openai.OpenAI(base_url=chosen.url, api_key=chosen.key or "none", timeout=180, max_retries=1)
    return RemotePainter(client, chosen.model or chosen.name, chosen.options)


@loader(TASK)
def load_any(chosen: Chosen) -> DiffusersPainter:
    """Files without a named engine are a diffusers pipeline."""
    painter: DiffusersPainter = load_diffusers(chosen)
    return painter
