"""Classes of one's own: imported from where configuration allows it, and from nowhere else."""

import sys
from pathlib import Path

import pytest
from pydantic import ValidationError
from torch import nn

from auricle.errors import ConfigurationError
from auricle.models.rating.plugins import PluginParams, allowing, load_class, make_part, source_digest

OWN = """
from torch import nn
from pathlib import Path
Path(__file__).with_suffix('.imported').touch()
class MyEncoder(nn.Module):
    def __init__(self, size=3, sample_rate=1):
        super().__init__()
        self.size, self.sample_rate = size, sample_rate
class Plain: ...
"""


@pytest.fixture
def own_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file beside a project, under a name that no other test has imported."""
    file = tmp_path / f"own_{tmp_path.name.replace('-', '_')}.py"
    file.write_text(OWN)
    monkeypatch.setitem(sys.modules, file.stem, None)
    monkeypatch.delitem(sys.modules, file.stem)
    return file


class TestAClass:
    def test_of_auricle_needs_no_permission(self) -> None:
        assert (
            load_class("auricle.models.classifiers:MLPClassifier", "classifier_class").__name__
            == "MLPClassifier"
        )

    def test_comes_from_a_file_beside_the_project(self, own_file: Path) -> None:
        with allowing([own_file.stem], own_file.parent):
            found = load_class(f"{own_file.stem}:MyEncoder", "encoder_class")
            assert load_class(f"{own_file.stem}:MyEncoder", "encoder_class") is found
        assert issubclass(found, nn.Module)
        assert len(source_digest(found) or "") == 64

    def test_comes_from_a_package_that_is_installed(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        package = tmp_path / "own_package_of_heads"
        package.mkdir()
        (package / "__init__.py").touch()
        (package / "heads.py").write_text(OWN)
        monkeypatch.syspath_prepend(tmp_path)
        with allowing(["own_package_of_heads"]):
            assert load_class("own_package_of_heads.heads:MyEncoder", "encoder_class").__name__ == "MyEncoder"

    @pytest.mark.parametrize("allowed", [[], ["another"], ["own"]])
    def test_is_not_even_imported_where_it_is_not_allowed(self, own_file: Path, allowed: list[str]) -> None:
        with (
            allowing(allowed, own_file.parent),
            pytest.raises(ConfigurationError, match="may not be imported: plugins"),
        ):
            load_class(f"{own_file.stem}:MyEncoder", "encoder_class")
        assert not own_file.with_suffix(".imported").exists()

    @pytest.mark.parametrize("named", ["auricle.models.cnn:SpectrogramCNN", "os:system", "subprocess:Popen"])
    def test_of_other_modules_is_not_allowed(self, named: str) -> None:
        with pytest.raises(ConfigurationError, match="may not be imported"):
            load_class(named, "encoder_class")

    @pytest.mark.parametrize("named", ["MyEncoder", "a.b", "../x:Y", "a:b.c", ":X", "a:", "a-b:C"])
    def test_must_be_spelled_as_module_and_class(self, named: str) -> None:
        with pytest.raises(ConfigurationError, match="not spelled module:Class"):
            load_class(named, "encoder_class")

    def test_that_is_misspelt_has_a_near_one(self, own_file: Path) -> None:
        with (
            allowing([own_file.stem], own_file.parent),
            pytest.raises(ConfigurationError, match="no class 'MyEncodr'; 'MyEncoder' is near"),
        ):
            load_class(f"{own_file.stem}:MyEncodr", "encoder_class")

    def test_must_be_a_module_of_torch(self, own_file: Path) -> None:
        with (
            allowing([own_file.stem], own_file.parent),
            pytest.raises(ConfigurationError, match=r"no torch\.nn\.Module"),
        ):
            load_class(f"{own_file.stem}:Plain", "encoder_class")


class TestAFile:
    def test_that_there_is_not_is_named(self, tmp_path: Path) -> None:
        with (
            allowing(["not_there_at_all"], tmp_path),
            pytest.raises(
                ConfigurationError, match=r"no module .* is installed, and there is no .*not_there_at_all\.py"
            ),
        ):
            load_class("not_there_at_all:X", "encoder_class")

    def test_that_cannot_be_imported_tells_why_each_time(self, own_file: Path) -> None:
        own_file.write_text("import no_such_package_here")
        for _ in range(2):
            with (
                allowing([own_file.stem], own_file.parent),
                pytest.raises(ConfigurationError, match="cannot be imported: ModuleNotFoundError"),
            ):
                load_class(f"{own_file.stem}:X", "encoder_class")

    def test_with_the_name_of_an_installed_module_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "colorsys.py").write_text(OWN)
        with allowing(["colorsys"], tmp_path), pytest.raises(ConfigurationError, match="Rename the file"):
            load_class("colorsys:MyEncoder", "encoder_class")


class TestArguments:
    def test_are_those_of_parameters_and_what_auricle_offers(self, own_file: Path) -> None:
        with allowing([own_file.stem], own_file.parent):
            part = make_part(
                f"{own_file.stem}:MyEncoder", "encoder_class", {"size": 5}, sample_rate=8, other=1
            )
        assert (part.size, part.sample_rate) == (5, 8)

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ({"sample_rate": 4}, "Leave sample_rate out"),
            ({"colour": 4}, "unexpected keyword argument 'colour'"),
        ],
    )
    def test_that_do_not_fit_are_refused(
        self, own_file: Path, arguments: dict[str, int], message: str
    ) -> None:
        with allowing([own_file.stem], own_file.parent), pytest.raises(ConfigurationError, match=message):
            make_part(f"{own_file.stem}:MyEncoder", "encoder_class", arguments, sample_rate=8)

    def test_what_is_allowed_is_a_name_of_a_module(self) -> None:
        with pytest.raises(ValidationError, match="no name of a module"):
            PluginParams(allowed=("../elsewhere",))
