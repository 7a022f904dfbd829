"""`store.json`, which says what the folder of a store of spectrograms or waveforms holds."""

import json
from pathlib import Path

from auricle.errors import ConfigurationError, CorpusError

FORMAT_VERSION = 1
FILE_NAME = "store.json"


def write_header(folder: Path, n_bands: int, content: str) -> None:
    """Write the header where there is none; a folder that has it has its other files too.

    Args:
        folder: of the store.
        n_bands: of each recording.
        content: what is stored, in the singular.
    """
    header = folder / FILE_NAME
    if header.exists():
        return
    told = {f"auricle_{content}_store": FORMAT_VERSION, "n_bands": n_bands, "dtype": "float16"}
    fresh = header.with_suffix(".json.new")
    fresh.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    fresh.replace(header)


def check_header(folder: Path, n_bands: int, content: str) -> None:
    """Refuse a folder that is not a store of this content and of these bands.

    Raises:
        CorpusError: there is no header, or it is damaged or of another format.
        ConfigurationError: the store has other bands.
    """
    found = bands_of(folder, content)
    if found != n_bands:
        raise ConfigurationError(
            f"the store {folder} holds {found} bands, the front end has {n_bands}: "
            "pass the digest and the bands of one and the same front end"
        )


def bands_of(folder: Path, content: str) -> int:
    """The bands of each recording in a store of this content.

    Raises:
        CorpusError: there is no header, or it is damaged or of another format.
    """
    header = folder / FILE_NAME
    try:
        told = json.loads(header.read_text(encoding="utf-8"))
        version, found = told[f"auricle_{content}_store"], told["n_bands"]
    except FileNotFoundError as error:
        raise CorpusError(
            f"there is no {content} store in {folder}: fill it with `kedro run --pipelines=cache_{content}s`"
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise CorpusError(f"{header} is damaged ({error}): delete {folder} and cache again") from error
    if version != FORMAT_VERSION:
        raise CorpusError(
            f"{header} is of format {version}, this Auricle reads format {FORMAT_VERSION}: "
            f"delete {folder} and cache again"
        )
    return int(found)
