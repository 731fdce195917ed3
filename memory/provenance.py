"""What a file shows or sounds like, as one hash of the decoded content.

Two runs with one seed must give the same pixels and samples; their files may still differ (a signature, a date). So
determinism is tested on this hash and never on the hash of the bytes.
"""

import hashlib
import wave
from pathlib import Path


def pixels(path: Path, media: str) -> str | None:
    """Hash of a picture's size and RGBA pixels (all frames), or of a WAV's format and samples; None for other media.

    Raises:
        OSError: the file is not what ``media`` says, or is broken.
    """
    if media.startswith("image/") and media != "image/svg+xml":
        return _picture(path)
    if media == "audio/wav":
        return _sound(path)
    return None


def _picture(path: Path) -> str:
    from PIL import Image, ImageSequence

    digest = hashlib.sha256()
    with Image.open(path) as picture:
        for frame in ImageSequence.Iterator(picture):
            plain = frame.convert("RGBA")
            digest.update(f"{plain.width}x{plain.height}".encode())
            digest.update(plain.tobytes())
    return digest.hexdigest()


def _sound(path: Path) -> str | None:
    try:
        with wave.open(str(path)) as sound:
            kind = f"{sound.getframerate()} {sound.getnchannels()} {sound.getsampwidth()}"
            digest = hashlib.sha256(kind.encode())
            while chunk := sound.readframes(1 << 16):
                digest.update(chunk)
    except (wave.Error, EOFError) as error:
        if "unknown format" in str(error):  # floats and compressed samples are beyond the standard library
            return None
        raise OSError(f"{path.name} is no WAV file that can be read: {error}.") from error
    return digest.hexdigest()
