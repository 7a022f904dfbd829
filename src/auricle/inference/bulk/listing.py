"""The files that an input stands for: a folder, a glob, a list, or one file."""

import glob
import logging
from pathlib import Path

import pandas as pd

from auricle.corpora.inspection import AUDIO_EXTENSIONS, find_audio, is_storable
from auricle.errors import ConfigurationError, CorpusError

COLUMNS = ("path", "instrument")
ENDINGS = "wav, flac, ogg, mp3"

logger = logging.getLogger(__name__)


def list_files(source: str) -> pd.DataFrame:
    """The files of an input, each once.

    Args:
        source: a folder, which is searched with all folders below it; a glob, in which ** stands for any
            folders; an audio file; a CSV with a column `path`, and perhaps `instrument`; or any other text
            with one path a line, where empty lines and those with # are passed over. Paths in a list are
            relative to the list's folder. A list's files need not exist.

    Returns:
        `path`, absolute, and `instrument`, "" where it is not known; in the order of a list, else sorted.

    Raises:
        CorpusError: the input does not exist, or names no audio file.
        ConfigurationError: a list that cannot be read as one.
    """
    path = Path(source).expanduser().absolute()
    if path.is_dir():
        found = [str(path / name) for name in find_audio(path)]
    elif path.is_file():
        return _listed(path)
    elif glob.has_magic(source):
        matches = glob.iglob(str(path), recursive=True)  # noqa: PTH207  Path.glob takes no absolute pattern
        named = {name for name in matches if _is_audio(Path(name)) and Path(name).is_file()}
        found = sorted(filter(is_storable, named))
    else:
        raise CorpusError(
            f"predict.input: there is no {path}. Give a folder, a list, a glob or a file that exists."
        )
    if not found:
        raise CorpusError(
            f"predict.input: {path} has no audio file ({ENDINGS}). Give a folder or a glob that has some."
        )
    return pd.DataFrame({"path": found, "instrument": ""}, columns=list(COLUMNS))


def _listed(path: Path) -> pd.DataFrame:
    if _is_audio(path):
        return pd.DataFrame({"path": [str(path)], "instrument": [""]})
    try:
        table = _from_csv(path) if path.suffix.lower() == ".csv" else _from_text(path)
    except (UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise ConfigurationError(
            f"predict.input: {path} is no list that can be read ({error}). Give UTF-8 text with one path a"
            " line, or CSV with a column `path`."
        ) from error
    table = table[table["path"] != ""]
    if table.empty:
        raise CorpusError(f"predict.input: the list {path} names no file.")
    table["path"] = [str(path.parent / Path(name).expanduser()) for name in table["path"]]
    return _each_once(table, path)


def _from_csv(path: Path) -> pd.DataFrame:
    table = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    if "path" not in table:
        raise ConfigurationError(
            f"predict.input: {path} has no column `path`, but {', '.join(map(repr, table.columns))}."
        )
    named = table.reindex(columns=list(COLUMNS), fill_value="")
    return named.assign(**{name: named[name].str.strip() for name in COLUMNS})


def _from_text(path: Path) -> pd.DataFrame:
    lines = [line.strip() for line in path.read_text(encoding="utf-8-sig").splitlines()]
    if any("\0" in line for line in lines):
        raise ConfigurationError(
            f"predict.input: {path} is neither audio ({ENDINGS}) nor a list. Give text with one path a line."
        )
    named = [line for line in lines if line and not line.startswith("#")]
    return pd.DataFrame({"path": named, "instrument": ""}, columns=list(COLUMNS))


def _each_once(table: pd.DataFrame, path: Path) -> pd.DataFrame:
    alike = table.drop_duplicates()
    if (twice := alike[alike["path"].duplicated()]).size:
        raise ConfigurationError(
            f"predict.input: {path} names {twice['path'].iloc[0]} with two instruments. Name it once."
        )
    if len(alike) < len(table):
        logger.info("%s names %d files more than once", path, len(table) - len(alike))
    return alike.reset_index(drop=True)


def _is_audio(path: Path) -> bool:
    return path.suffix.lower() in AUDIO_EXTENSIONS
