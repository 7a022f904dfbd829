"""Which label implies which, read from a file: a YAML of `child: parent`, or the genres.csv of FMA."""

from pathlib import Path

from auricle.errors import CorpusError
from auricle.named_yaml import read_named_yaml

NO_PARENT = "0"
# Of the Good-sounds dataset, and of notes that Auricle synthesizes.
GOOD_SOUNDS = Path(__file__).with_name("hierarchies") / "good_sounds.yml"


def read_hierarchy(file: Path) -> dict[str, str]:
    """Child to parent, as `LabelParams.parents` has it.

    Args:
        file: a YAML, the genres.csv of FMA, or the name of one that comes with Auricle: `good_sounds`.

    Raises:
        CorpusError: the file is not there, or is neither.
    """
    if file.suffix == ".csv":
        return _of_genres(file)
    content = read_named_yaml(
        file, shipped=GOOD_SOUNDS.parent, what="a hierarchy of labels", error=CorpusError
    )
    if not isinstance(content, dict) or not all(
        isinstance(name, str) for pair in content.items() for name in pair
    ):
        raise CorpusError(f"{file} is no hierarchy of labels: write a line `child: parent` for each child.")
    return content


def _of_genres(file: Path) -> dict[str, str]:
    """The parents of the genres of FMA, by their titles."""
    from auricle.corpora.layouts.tables import read_columns

    table = read_columns(file, ("genre_id", "parent", "title"))
    titles = dict(zip(table["genre_id"], table["title"], strict=True))
    children = table[table["parent"] != NO_PARENT]
    unknown = children[~children["parent"].isin(list(titles))]
    if not unknown.empty:
        raise CorpusError(
            f"{file} gives {unknown['title'].iloc[0]!r} the parent {unknown['parent'].iloc[0]}, which it does"
            " not list. Get the table again."
        )
    return dict(zip(children["title"], children["parent"].map(titles), strict=True))
