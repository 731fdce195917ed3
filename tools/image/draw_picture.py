"""Draw a picture from words. Built in: the illustrator, which composes and paints a scene by code and says that it is one.

With a text-to-image model set for ``image.generate`` that model paints instead. An illustration is never called a photo.
"""

from typing import TYPE_CHECKING, Any

from PIL import Image
from pydantic import BaseModel, Field

from tools.context import ToolContext
from tools.declare import Result, tool
from tools.errors import ModelMissing
from tools.image import painters
from tools.image.compose import Composed, compose
from tools.image.painters import Order, Painter
from tools.image.tell import sentence, style_of

if TYPE_CHECKING:
    from tools.image.render.pixels import Pixels

LONGEST_SIDE = 1536
"""Pictures are painted up to this size; larger ones are enlarged from it."""


class DrawPicture(BaseModel):
    """What to draw, and how."""

    prompt: str = Field(
        description="What the picture shows, in plain words",
        min_length=1,
        max_length=4000,
        examples=["Three ducks on a pond under a willow"],
    )
    style: str | None = Field(
        default=None,
        description="storybook, ink wash, paper cut, watercolour, flat poster, pixel, night neon, oil painting, pencil sketch, or 水墨, 剪纸, 水彩, 像素, 油画, 素描",
        max_length=120,
    )
    negative_prompt: str | None = Field(default=None, description="What the picture must not show", max_length=1000)
    width: int = Field(default=1024, ge=256, le=2048, description="Pixels across")
    height: int = Field(default=1024, ge=256, le=2048, description="Pixels down")
    count: int = Field(default=1, ge=1, le=4, description="How many different pictures")
    seed: int | None = Field(default=None, ge=0, le=2**31 - 1, description="The same seed draws the same picture")


@tool(
    "draw_picture",
    DrawPicture,
    makes="image/png",
    cost="slow",
    verbatim="prompt",
    title={"en": "Draw a picture", "zh": "画一幅插画"},
    examples=(
        "Draw two sheep beside a windmill",
        "Make an illustration of a tea house in the rain",
        "Paint me a picture of a submarine among jellyfish",
        "I'd like a watercolour of a harbour at dawn",
        "画一只在树下打盹的小羊",
        "帮我画一幅雪夜小镇的插画",
        "来一张水墨风格的山间古寺",
        "画两个孩子在田野里放风筝",
    ),
)
def draw_picture(params: DrawPicture, ctx: ToolContext) -> Result:
    """Draw an illustration of what is described: people, animals, places, weather and light, in many styles. One or several pictures."""
    try:
        painter: Painter = ctx.model(painters.TASK)
    except ModelMissing:
        return _illustrate(params, ctx)
    return _paint(params, ctx, painter)


def _seed(ctx: ToolContext, number: int) -> int:
    return (ctx.seed + number * 7919) % 2**31


def _paint(params: DrawPicture, ctx: ToolContext, painter: Painter) -> Result:
    """Pictures by a text-to-image model."""
    words = f"{params.prompt}, {params.style}" if params.style else params.prompt
    saved = []
    for number in range(params.count):
        order = Order(words, params.negative_prompt or "", params.width, params.height, _seed(ctx, number))

        def told(share: float, stage: str, preview: Image.Image | None, before: int = number) -> None:
            ctx.progress((before + share) / params.count, stage, preview)

        picture = painter.paint(order, told)
        saved.append(
            ctx.save(
                picture,
                media="image/png",
                meta={"caption": params.prompt, "seed": order.seed},
                method=f"text-to-image: {painter.name}",
            )
        )
    made = (
        f"用 {painter.name} 画好了 {params.count} 幅图。"
        if ctx.language.startswith("zh")
        else f"Painted {params.count} picture{'s' * (params.count > 1)} with {painter.name}."
    )
    return Result(made, saved)


def _illustrate(params: DrawPicture, ctx: ToolContext) -> Result:
    """Pictures by the illustrator."""
    from tools.image.enrich import enriched, spared
    from tools.image.render.picture import draw

    ctx.progress(0.02, "reading the request")
    composed = compose(params.prompt, ctx)
    scene = spared(composed.scene, params.negative_prompt or "")
    style, style_known = style_of(params.style, composed.style)
    shrink = min(1.0, LONGEST_SIDE / max(params.width, params.height))
    size = (round(params.width * shrink), round(params.height * shrink))
    saved = []
    for number in range(params.count):
        seed = _seed(ctx, number)
        whole = spared(enriched(scene, seed), params.negative_prompt or "")

        def told(share: float, stage: str, so_far: "Pixels | None", before: int = number) -> None:
            ctx.progress((before + 0.15 + 0.8 * share) / params.count, stage, _preview(so_far))

        drawn = draw(whole, size, seed, style, told)
        picture = Image.fromarray(drawn.pixels)
        if size != (params.width, params.height):
            picture = picture.resize((params.width, params.height), Image.Resampling.LANCZOS)
        meta = _meta(composed, whole.model_dump(mode="json"), drawn.boxes, shrink, style, seed, ctx.language)
        saved.append(ctx.save(picture, media="image/png", name=None, meta=meta, method="illustrator"))
    ctx.progress(1.0, "done")
    return Result(
        sentence(scene, composed.unknown, style, style_known, params, ctx.language),
        saved,
        {"scene": scene.model_dump(mode="json"), "unknown": list(composed.unknown), "by": composed.by},
    )


def _preview(pixels: "Pixels | None") -> Image.Image | None:
    """A small picture of the work so far."""
    if pixels is None:
        return None
    import cv2
    import numpy as np

    h, w = pixels.shape[:2]
    small = cv2.resize(
        pixels, (max(1, w * 256 // max(h, w)), max(1, h * 256 // max(h, w))), interpolation=cv2.INTER_AREA
    )
    return Image.fromarray((np.clip(small, 0, 1) * 255).astype(np.uint8))


def _meta(
    composed: Composed,
    scene: dict[str, Any],
    boxes: dict[int, list[tuple[int, int, int, int]]],
    shrink: float,
    style: str,
    seed: int,
    language: str,
) -> dict[str, Any]:
    """What is kept with the picture, so that later tools can change it by name. Boxes are left, top, right, bottom in its pixels."""
    from tools.image.tell import caption

    scaled = {str(index): [[round(part / shrink) for part in box] for box in many] for index, many in boxes.items()}
    return {
        "kind": "illustration",
        "caption": caption(composed.scene, language),
        "scene": scene,
        "boxes": scaled,
        "style": style,
        "seed": seed,
        "written_by": composed.by,
    }
