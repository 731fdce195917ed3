"""How a style of reading differs: its pace and its pauses. The voice model itself knows only speed."""

from dataclasses import dataclass
from typing import Literal

from tools.audio.speech.voices import Style

Pause = Literal["clause", "sentence", "paragraph"]


@dataclass(frozen=True, slots=True)
class Delivery:
    """``pace`` multiplies the speed; pauses are seconds after a clause, a sentence and a paragraph."""

    pace: float
    clause: float
    sentence: float
    paragraph: float

    def after(self, pause: Pause, speed: float) -> float:
        """Seconds of silence after a piece, shorter when speech is faster."""
        lengths: dict[Pause, float] = {"clause": self.clause, "sentence": self.sentence, "paragraph": self.paragraph}
        return lengths[pause] / speed


DELIVERIES: dict[Style, Delivery] = {
    "plain": Delivery(pace=1.0, clause=0.12, sentence=0.35, paragraph=0.65),
    "newsreader": Delivery(pace=1.06, clause=0.10, sentence=0.30, paragraph=0.60),
    "service": Delivery(pace=0.97, clause=0.15, sentence=0.40, paragraph=0.70),
    "storyteller": Delivery(pace=0.9, clause=0.20, sentence=0.55, paragraph=1.0),
}
