"""What a file's own bytes say before any decoder sees them: its format, and whether its end is missing."""

import os
import struct
from typing import BinaryIO

from auricle.audio.limits import Format

# Sizes from here up are what programs write that stream to a pipe and cannot know the length.
STREAMED_SIZE = 0x7FFF0000
MAX_RIFF_CHUNKS = 1000
MAGIC: dict[bytes, Format] = {b"fLaC": "FLAC", b"OggS": "OGG", b".snd": "AU"}
MAX_PADDING = 4096
# Over an hour and a half at 320 kbit/s.
MAX_MP3_BYTES = 2**28
MP3_KBPS = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
MP3_KBPS_LOW_RATES = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
MAX_OGG_PAGE = 27 + 255 + 255 * 255


def sniff(stream: BinaryIO) -> Format | None:
    """Tell the format of an open file by its first bytes, whatever its name says.

    Args:
        stream: The file, opened for reading bytes.

    Returns:
        libsndfile's name of the format, or None if it is none of those known here.
    """
    start = _audio_start(stream)
    stream.seek(start)
    head = stream.read(12)
    magic, kind = head[:4], head[8:12]
    if magic in (b"RIFF", b"RIFX", b"RF64") and kind == b"WAVE":
        return "WAV"
    if magic == b"FORM" and kind in (b"AIFF", b"AIFC"):
        return "AIFF"
    if magic in MAGIC:
        return MAGIC[magic]
    # Eleven set bits, then a version and a layer that are not the reserved ones (ISO/IEC 11172-3, 2.4.2.3).
    sync = int.from_bytes(head[:2], "big")
    if sync >> 5 == 0x7FF and sync & 0x18 != 0x08 and sync & 0x06 != 0:
        return "MP3"
    stream.seek(0)
    return "MP3" if stream.read(3) == b"ID3" else None


def mp3_says_its_length(stream: BinaryIO) -> bool:
    """Whether an MP3 file states its number of frames, in a Xing, Info or VBRI header.

    Without one its length is an estimate from the size of the file and the first frame's bit rate, which is
    too large where tags follow the audio.
    """
    stream.seek(_audio_start(stream))
    head = stream.read(256)
    at = max(head.find(b"Xing"), head.find(b"Info"))
    if at >= 0:
        return bool(int.from_bytes(head[at + 4 : at + 8], "big") & 1)
    return b"VBRI" in head


def count_mp3_samples(stream: BinaryIO) -> int:
    """Samples per channel in the unbroken row of Layer III frames that an MP3 file begins with.

    A file without a header of its length, and of varying bit rate, is longer than libsndfile estimates, and
    libsndfile reads no further than its estimate. Only the frames themselves tell.
    """
    stream.seek(_audio_start(stream))
    data = stream.read(MAX_MP3_BYTES)
    at = samples = 0
    while at + 4 <= len(data):
        frame = _mp3_frame(int.from_bytes(data[at : at + 4], "big"))
        if frame is None:
            break
        at += frame[0]
        samples += frame[1]
    return samples


def _mp3_frame(header: int) -> tuple[int, int] | None:
    """Bytes and samples of the Layer III frame with this header (ISO/IEC 11172-3 and 13818-3, 2.4.2.3)."""
    version, layer, rate, speed = header >> 19 & 3, header >> 17 & 3, header >> 12 & 15, header >> 10 & 3
    if header >> 21 != 0x7FF or version == 1 or layer != 1 or rate in (0, 15) or speed == 3:
        return None
    mpeg1 = version == 3
    bits_per_second = 1000 * (MP3_KBPS if mpeg1 else MP3_KBPS_LOW_RATES)[rate]
    sample_rate = (44_100, 48_000, 32_000)[speed] >> {3: 0, 2: 1, 0: 2}[version]
    samples = 1152 if mpeg1 else 576
    return samples // 8 * bits_per_second // sample_rate + (header >> 9 & 1), samples


def riff_share_present(stream: BinaryIO) -> float:
    """Share of a WAV file's promised sample data that the file really holds.

    libsndfile quietly reads what is there, so the promise must be read here.

    Returns:
        1.0 where all is there, or where the header does not know the size (a streamed file).
    """
    stream.seek(0)
    order = ">" if stream.read(4) == b"RIFX" else "<"
    size_of_file = os.fstat(stream.fileno()).st_size
    at = 12
    for _ in range(MAX_RIFF_CHUNKS):
        stream.seek(at)
        header = stream.read(8)
        if len(header) < 8:
            break
        name, size = struct.unpack(f"{order}4sI", header)
        at += 8
        if name == b"data":
            known = 0 < size < STREAMED_SIZE
            return min(1.0, (size_of_file - at) / size) if known else 1.0
        at += size + size % 2
    return 1.0


def last_ogg_page_is_cut(stream: BinaryIO) -> bool:
    """Whether an Ogg file ends in the middle of a page (RFC 3533, section 6).

    A decoder takes the length of an Ogg file from the last page that it finds, so a cut file only looks
    shorter; but a cut almost never falls between two pages.
    """
    size = os.fstat(stream.fileno()).st_size
    stream.seek(max(0, size - 2 * MAX_OGG_PAGE))
    tail = stream.read(2 * MAX_OGG_PAGE)
    at = tail.rfind(b"OggS")
    if at < 0:
        return False
    page = tail[at:]
    if len(page) < 27 or len(page) < 27 + page[26]:
        return True
    return len(page) < 27 + page[26] + sum(page[27 : 27 + page[26]])


def _audio_start(stream: BinaryIO) -> int:
    """Offset of the first byte behind an ID3v2 tag, and behind the zeros with which taggers pad."""
    stream.seek(0)
    head = stream.read(10)
    start = 0
    if len(head) == 10 and head[:3] == b"ID3":
        sizes = zip(head[6:10], (21, 14, 7, 0), strict=True)
        start = 10 + sum((byte & 0x7F) << shift for byte, shift in sizes)
    stream.seek(start)
    padded = stream.read(MAX_PADDING)
    return start + len(padded) - len(padded.lstrip(b"\0"))
