"""The examples of docs/custom-models.md do what the page says."""

import re
import shlex
import sys
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from auricle.commands import check_models as command
from auricle.models.rating.pair import checked_pair
from auricle.models.rating.params import PairParams
from auricle.models.rating.plugins import allowing

PAGE = (Path(__file__).parents[2] / "docs/custom-models.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, flags=re.DOTALL)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The page's files, laid out as it says."""
    for block in blocks("python") + blocks("yaml"):
        file = tmp_path / block.partition("\n")[0].removeprefix("# ")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(block)
    for name in ("my_encoder", "my_head"):
        monkeypatch.setitem(sys.modules, name, None)
        monkeypatch.delitem(sys.modules, name)
    return tmp_path


def test_every_class_of_the_page_keeps_the_contract(project: Path) -> None:
    allowed = yaml.safe_load((project / "conf/local/parameters.yml").read_text())["plugins"]["allowed"]
    pair = PairParams(encoder_class="my_encoder:LoudnessEncoder", classifier_class="my_head:OneLayer")
    with allowing(allowed, project):
        report = checked_pair(pair, 22_050)
    assert report.encoder.shapes[0][1] == (4, 32)
    assert report.classifier.parameters == 33


def test_the_command_of_the_page_prints_and_succeeds(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (line,) = (line for line in PAGE.splitlines() if line.startswith("kedro check-models"))
    configuration = yaml.safe_load((project / "conf/local/parameters.yml").read_text())
    monkeypatch.setattr(command, "configured", lambda *_: configuration)
    metadata = type("Metadata", (), {"project_path": project})
    arguments = [*shlex.split(line)[2:], "--seconds", "2"]
    result = CliRunner().invoke(command.check_models, arguments, obj=metadata)
    assert result.exit_code == 0, result.output
    assert "my_encoder:LoudnessEncoder" in result.output
    assert "Both keep their contract." in result.output


class TestTheCommandRefuses:
    def run(self, monkeypatch: pytest.MonkeyPatch, project: Path, allowed: list[str], *arguments: str) -> str:
        monkeypatch.setattr(command, "configured", lambda *_: {"plugins": {"allowed": allowed}})
        metadata = type("Metadata", (), {"project_path": project})
        result = CliRunner().invoke(command.check_models, [*arguments, "--seconds", "2"], obj=metadata)
        assert result.exit_code == 1, result.output
        return result.output

    def test_what_is_not_allowed(self, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        said = self.run(monkeypatch, project, [], "--encoder", "my_encoder:LoudnessEncoder")
        assert "may not be imported" in said

    def test_a_broken_contract(self, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        own = (project / "my_head.py").read_text().replace(".sigmoid()", "")
        (project / "my_head.py").write_text(own)
        encoder = ["--encoder", "my_encoder:LoudnessEncoder"]
        said = self.run(
            monkeypatch, project, ["my_encoder", "my_head"], *encoder, "--classifier", "my_head:OneLayer"
        )
        assert "values in [0, 1] were expected" in said

    @pytest.mark.parametrize("text", ["{size: 4}", "[4]"])
    def test_arguments_that_are_no_object_of_json(
        self, project: Path, monkeypatch: pytest.MonkeyPatch, text: str
    ) -> None:
        said = self.run(monkeypatch, project, [], "--encoder-kwargs", text)
        assert "--encoder-kwargs is" in said
