"""The scene language: what a picture shows, before any pixel. Written by the LLM under a schema, or by rules alone.

It is kept with every illustration, so that later tools can add, move or recolour a thing by name. It is small on purpose:
a model of one billion parameters fills it in, and every value has a drawing behind it.
"""

from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

Place = Literal[
    "meadow", "hills", "mountains", "forest", "beach", "sea", "underwater", "desert", "snowfield", "city", "street", "village", "room", "space",
    "moonscape", "clouds", "cave",
]  # fmt: skip
Time = Literal["dawn", "morning", "day", "afternoon", "sunset", "dusk", "night"]
Weather = Literal["clear", "cloudy", "rain", "storm", "snow", "fog", "wind"]
Season = Literal["spring", "summer", "autumn", "winter"]
Water = Literal["none", "lake", "river", "sea"]
Mood = Literal["calm", "joyful", "mysterious", "dramatic", "dark", "cosy"]
Colour = Literal[
    "red", "orange", "yellow", "gold", "green", "blue", "teal", "purple", "pink", "brown", "white", "black", "grey"
]
Size = Literal["tiny", "small", "normal", "large", "huge"]
Action = Literal[
    "none",
    "fly",
    "swim",
    "leap",
    "run",
    "walk",
    "sit",
    "sleep",
    "fish",
    "read",
    "wave",
    "ride",
    "kite",
    "play",
    "paint",
    "umbrella",
]
Relation = Literal["on", "under", "behind", "front", "beside", "above", "in", "around", "with"]
Side = Literal["left", "middle", "right"]
Depth = Literal["near", "middle", "far"]


class Thing(BaseModel):
    """One kind of thing in a scene. ``of`` is the place in ``things`` of what ``relation`` refers to."""

    model_config = ConfigDict(extra="ignore")

    name: str = Field(description="What it is, one or two words", max_length=60)
    count: int = Field(default=1, ge=1, le=12)
    colour: Colour | None = None
    size: Size = "normal"
    action: Action = "none"
    side: Side | None = None
    depth: Depth | None = None
    relation: Relation | None = None
    of: int | None = None
    subject: str = Field(default="", description="What is drawn for it; empty when nothing can be")
    asked: bool = Field(default=True, description="Named in the request, not added for company")


class Scene(BaseModel):
    """What a picture shows."""

    model_config = ConfigDict(extra="ignore")

    place: Place = "meadow"
    time: Time = "day"
    weather: Weather = "clear"
    season: Season = "summer"
    water: Water = "none"
    mood: Mood = "calm"
    things: list[Thing] = Field(default_factory=list, max_length=16)

    def without(self, index: int) -> "Scene":
        """The same scene less one thing; what referred to it stands alone."""
        kept: list[Thing] = []
        for number, thing in enumerate(self.things):
            if number == index:
                continue
            gone = thing.of == index
            moved = thing.of - 1 if thing.of is not None and thing.of > index else thing.of
            kept.append(
                thing.model_copy(update={"of": None if gone else moved, "relation": None if gone else thing.relation})
            )
        return self.model_copy(update={"things": kept})


def scene_schema() -> dict[str, Any]:
    """The JSON schema that constrains the LLM: flat, closed, without the fields that code fills in."""
    fields = {"place": Place, "time": Time, "weather": Weather, "season": Season, "water": Water, "mood": Mood}
    enums = {name: list(get_args(kind)) for name, kind in fields.items()}
    thing = {
        "type": "object",
        "properties": {
            "name": {"type": "string", "maxLength": 40},
            "count": {"type": "integer", "minimum": 1, "maximum": 12},
            "colour": {"enum": [*get_args(Colour), "natural"]},
            "size": {"enum": list(get_args(Size))},
            "action": {"enum": list(get_args(Action))},
            "relation": {"enum": [*get_args(Relation), "none"]},
            "of": {"type": "string", "maxLength": 40},
        },
        "required": ["name"],
        "additionalProperties": False,
    }
    properties: dict[str, Any] = {name: {"enum": values} for name, values in enums.items()}
    properties["things"] = {"type": "array", "items": thing, "minItems": 1, "maxItems": 8}
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}
