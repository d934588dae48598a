"""Clean copies of pictures: upright, in sRGB, of bounded size, without anything but the picture; and what photos say."""

from __future__ import annotations

import math
import re
import struct
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import TYPE_CHECKING, Any

from pi_heif.as_plugin import register_heif_opener
from PIL import ExifTags, GifImagePlugin, Image, ImageCms, ImageOps, ImageSequence

from anlan.kernel.examine import CLEAN, SMALL, Refused

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FORMATS = {
    "image/jpeg": "JPEG",
    "image/png": "PNG",
    "image/webp": "WEBP",
    "image/gif": "GIF",
    "image/heic": "HEIF",
}
SIDE, SMALL_SIDE = 4096, 480  # pixels that the longer side is brought down to
PIXELS = 50_000_000  # a decoder holds about six bytes of each
PIXELS_SCALED = 120_000_000  # a JPEG that is scaled down while it is decoded
QUALITY: dict[str, dict[str, Any]] = {
    "JPEG": {"quality": 90, "optimize": True},
    "PNG": {"optimize": False},
    "WEBP": {"quality": 90, "method": 4},
}
MODES = {"JPEG": ("RGB", "L"), "PNG": ("RGB", "RGBA", "L", "LA", "1"), "WEBP": ("RGB", "RGBA")}
# What Pillow raises at files that only look like pictures.
BROKEN = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    EOFError,
    AttributeError,
    ArithmeticError,
    struct.error,
)
DATUMS = ("", "WGS84", "CGCS2000")
OFFSET = re.compile(r"[+-](0\d|1[0-4]):[0-5]\d")
SRGB = ImageCms.createProfile("sRGB")

Image.MAX_IMAGE_PIXELS = None  # we ask before anything is decoded, and refuse in our own words
GifImagePlugin.LOADING_STRATEGY = GifImagePlugin.LoadingStrategy.RGB_AFTER_DIFFERENT_PALETTE_ONLY
register_heif_opener()


@dataclass(frozen=True)
class Picture:
    """What a picture shows of itself (fields as in Report)."""

    width: int
    height: int
    taken_at: str = ""
    offset: str = ""
    longitude: float | None = None
    latitude: float | None = None


def clean(source: Path, media_type: str, folder: Path) -> Picture:
    """Put a clean copy and a thumbnail into the folder.

    raises  Refused
    """
    kind = FORMATS[media_type]
    try:
        with Image.open(source, formats=[kind]) as image:
            _refuse_too_large(image, kind)
            said = facts_of(image)
            moves = kind == "GIF" or (kind == "WEBP" and _frames(image) > 1)
            shown = _keep_moving(image, kind, folder) if moves else _keep_still(image, kind, folder)
    except BROKEN as broken:
        raise Refused("file_broken") from broken
    return Picture(*shown, **said)


def _refuse_too_large(image: Image.Image, kind: str) -> None:
    """By its header, before anything is decoded; the pictures of a moving one count together."""
    pixels = image.width * image.height * (_frames(image) if kind in {"GIF", "WEBP"} else 1)
    scaled = kind == "JPEG" and not image.info.get("progressive")
    if pixels > (PIXELS_SCALED if scaled else PIXELS):
        raise Refused("image_too_large")


def _frames(image: Image.Image) -> int:
    return int(getattr(image, "n_frames", 1))


def _keep_still(image: Image.Image, kind: str, folder: Path) -> tuple[int, int]:
    made = "JPEG" if kind == "HEIF" else kind  # few browsers show the other
    image.draft(None, (SIDE, SIDE))  # of a JPEG only as much is decoded as is kept
    image.load()
    shown = _in_mode(_in_srgb(_upright(image)), made)
    shown.info = {}
    shown.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS, reducing_gap=2.0)
    shown.save(folder / CLEAN, made, **QUALITY[made])
    _keep_small(shown, folder)
    return shown.size


def _keep_moving(image: Image.Image, kind: str, folder: Path) -> tuple[int, int]:
    frames, pauses = [], []
    for frame in ImageSequence.Iterator(image):
        pauses.append(int(frame.info.get("duration", 0)))
        frames.append(_bare(frame))
    loop = {"loop": image.info["loop"]} if "loop" in image.info else {}
    frames[0].save(folder / CLEAN, kind, save_all=True, append_images=frames[1:], duration=pauses, **loop)
    _keep_small(frames[0], folder)
    return image.size


def _bare(frame: Image.Image) -> Image.Image:
    """A copy that carries nothing but what it needs to look the same."""
    copy = frame.copy()
    copy.info = {key: frame.info[key] for key in ("transparency",) if key in frame.info}
    return copy


def _keep_small(shown: Image.Image, folder: Path) -> None:
    small = _in_mode(shown.copy(), "WEBP")
    small.info = {}
    small.thumbnail((SMALL_SIDE, SMALL_SIDE), Image.Resampling.LANCZOS, reducing_gap=2.0)
    small.save(folder / SMALL, "WEBP", quality=75, method=4)


def _upright(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except BROKEN:  # its notes are damaged, the picture is whole
        return image.copy()


def _in_srgb(image: Image.Image) -> Image.Image:
    """Colours as every screen shows them; a profile that can't be read is left aside."""
    profile = image.info.get("icc_profile")
    if not profile or image.mode not in {"RGB", "RGBA", "CMYK"}:
        return image
    made = "RGBA" if image.mode == "RGBA" else "RGB"
    try:
        its = ImageCms.ImageCmsProfile(BytesIO(profile))
        return ImageCms.profileToProfile(image, its, SRGB, outputMode=made) or image
    except (ImageCms.PyCMSError, *BROKEN):
        return image


def _in_mode(image: Image.Image, made: str) -> Image.Image:
    """A mode that the format can hold and that can be scaled well."""
    if image.mode in MODES[made]:
        return image
    if image.mode.startswith("I;16"):
        return image.point(lambda value: value / 256).convert("L").convert(MODES[made][0])
    clear = made != "JPEG" and (image.mode in {"RGBA", "LA", "PA"} or "transparency" in image.info)
    return image.convert("RGBA" if clear else "RGB")


def facts_of(image: Image.Image) -> dict[str, Any]:
    """When and where a photo says it was taken; what makes no sense is as if it were not there."""
    try:
        exif = image.getexif()
        said, place = exif.get_ifd(ExifTags.IFD.Exif), exif.get_ifd(ExifTags.IFD.GPSInfo)
        return {**_moment(said), **_place(place)}
    except BROKEN:
        return {}


def _moment(said: Mapping[int, Any]) -> dict[str, str]:
    text = _text(said.get(ExifTags.Base.DateTimeOriginal))
    try:
        moment = datetime.strptime(text, "%Y:%m:%d %H:%M:%S")  # noqa: DTZ007 - the offset stands apart, if at all
    except ValueError:
        return {}
    offset = _text(said.get(ExifTags.Base.OffsetTimeOriginal))
    return {"taken_at": moment.isoformat(), "offset": offset if OFFSET.fullmatch(offset) else ""}


def _place(place: Mapping[int, Any]) -> dict[str, float]:
    datum = re.sub(r"[\s-]", "", _text(place.get(ExifTags.GPS.GPSMapDatum))).upper()
    if datum not in DATUMS or _text(place.get(ExifTags.GPS.GPSStatus)) == "V":  # void: no fix
        return {}
    latitude = _degrees(
        place.get(ExifTags.GPS.GPSLatitude), _text(place.get(ExifTags.GPS.GPSLatitudeRef)), "NS", 90
    )
    longitude = _degrees(
        place.get(ExifTags.GPS.GPSLongitude), _text(place.get(ExifTags.GPS.GPSLongitudeRef)), "EW", 180
    )
    if (
        latitude is None or longitude is None or latitude == longitude == 0
    ):  # what a receiver without a fix writes
        return {}
    return {"longitude": longitude, "latitude": latitude}


def _degrees(parts: Any, side: str, sides: str, most: int) -> float | None:
    """Degrees, minutes, seconds as a number; None if they are none, or it isn't told of which side."""
    if not parts or len(parts) != 3 or side not in tuple(sides):
        return None
    degrees, minutes, seconds = (float(part) for part in parts)
    value = degrees + minutes / 60 + seconds / 3600
    if not math.isfinite(value) or not 0 <= value <= most or not 0 <= minutes < 60 or not 0 <= seconds < 60:
        return None
    return round(value if side == sides[0] else -value, 7)


def _text(value: Any) -> str:
    text = value.decode("ascii", "replace") if isinstance(value, bytes) else str(value or "")
    return text.strip("\0 ")
