"""Ingestion renders the demo corpus of the kind that is asked for, and splits its notes by player."""

from pathlib import Path

import pandas as pd
import pytest

from auricle.audio.limits import AudioLimits
from auricle.audio.synthesis import AnyDemoParams
from auricle.corpora.params import IngestParams, SourceParams
from auricle.pipelines.ingest.nodes import (
    assign_splits_and_build_manifest,
    compare_recordings,
    inspect_recordings,
    provide_recordings,
)


def test_music_is_rendered_where_no_kind_is_named(tmp_path: Path) -> None:
    demo = AnyDemoParams.model_validate(
        {"genres": ["jazz"], "clips_per_genre": 1, "artists_per_genre": 1, "duration_s": 2.0}
    )
    source = provide_recordings(tmp_path / "music", demo, IngestParams(layout="audiofolder", workers=1))
    assert source["synthesized"]
    assert source["demo"]["kind"] == "music"
    assert list(pd.read_csv(tmp_path / "music" / "metadata.csv")["label"].unique()) == ["jazz"]


@pytest.mark.slow
def test_notes_become_a_manifest_split_by_player(tmp_path: Path) -> None:
    demo = {
        "kind": "notes",
        "instruments": ["oboe", "violin"],
        "notes_per_instrument": 24,
        "players_per_instrument": 6,
        "duration_s": [0.25, 1.0],
    }
    ingest = IngestParams(layout="audiofolder", group_by=("player",), workers=2)
    source = provide_recordings(tmp_path / "notes", AnyDemoParams.model_validate(demo), ingest)
    assert source["demo"]["kind"] == "notes"
    files = pd.concat(
        inspect_recordings(tmp_path / "notes", source, pd.DataFrame(), ingest, AudioLimits()),
        ignore_index=True,
    )
    copies = compare_recordings(files, ingest)
    _, manifest = assign_splits_and_build_manifest(tmp_path / "notes", files, copies, pd.DataFrame(), ingest)
    usable = manifest[manifest["status"] == "ok"]
    assert len(usable) == 48
    assert set(usable["instrument"]) == {"oboe", "violin"}
    assert usable.groupby("meta_player")["split"].nunique().eq(1).all()
    assert usable["group"].nunique() == 12
    assert (manifest["status"] == "quarantined").sum() == 9


def test_nothing_is_rendered_into_a_folder_of_somebodys_own(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(b"")
    demo = AnyDemoParams.model_validate({"kind": "cries"})
    source = provide_recordings(tmp_path, demo, IngestParams(), SourceParams(root=str(tmp_path)))
    assert not source["synthesized"]
    assert [path.name for path in tmp_path.iterdir()] == ["a.wav"]
