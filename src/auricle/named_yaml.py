"""YAML that parameters name: a file, or by its name one that comes with Auricle."""

from pathlib import Path
from typing import Any

from auricle.errors import AuricleError


def read_named_yaml(file: Path, *, shipped: Path, what: str, error: type[AuricleError]) -> Any:
    """What a file holds.

    Args:
        file: its path, or the name, without `.yml`, of one in `shipped`.
        shipped: the folder of those that come with Auricle.
        what: it is to be, for the message.
        error: that is raised where it cannot be read.
    """
    import yaml

    if (known := shipped / f"{file}.yml").is_file():
        file = known
    try:
        return yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as reason:
        raise error(f"{file} cannot be read as {what}: {reason}.") from reason
