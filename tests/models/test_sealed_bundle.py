"""A bundle opens only when it is complete, undamaged and of a known format; each refusal says why."""

import json
import shutil
from pathlib import Path

import pytest

from auricle.errors import BundleError
from auricle.models.bundle import BundleRef, bundle_version, open_bundle, seal

SEALED = (
    "config.json",
    "model.safetensors",
    "preprocessor_config.json",
    "training.json",
    "out_of_fold.parquet",
)


def change_config(bundle: Path, **changes) -> None:
    file = bundle / "config.json"
    content = {
        key: value for key, value in (json.loads(file.read_text()) | changes).items() if value != "drop"
    }
    file.write_text(json.dumps(content))


class TestOpening:
    def test_it_gives_configuration_training_and_vocabulary(self, bundle):
        ref = open_bundle(bundle)
        assert ref.path == bundle
        assert ref.config["model_type"] == "auricle_spectrogram_cnn"
        assert ref.training == {"seed": 7}
        assert ref.vocabulary == ("blues", "disco", "metal")
        assert ref.out_of_fold["recording_id"].tolist() == ["0"]

    def test_the_vocabulary_keeps_the_order_of_the_logits_beyond_ten(self, bundle):
        labels = [f"class {index}" for index in range(12)]
        change_config(
            bundle, id2label={str(index): label for index, label in reversed(list(enumerate(labels)))}
        )
        seal(bundle)
        assert open_bundle(bundle).vocabulary == tuple(labels)

    def test_sealing_gives_the_same_reference_as_opening(self, bundle):
        assert seal(bundle) == open_bundle(bundle)

    def test_a_bundle_without_out_of_fold_predictions_has_none(self, bundle):
        (bundle / "out_of_fold.parquet").unlink()
        seal(bundle)
        assert open_bundle(bundle).out_of_fold is None

    def test_predictions_laid_beside_a_sealed_bundle_are_not_read(self, bundle):
        content = (bundle / "out_of_fold.parquet").read_bytes()
        (bundle / "out_of_fold.parquet").unlink()
        seal(bundle)
        (bundle / "out_of_fold.parquet").write_bytes(content)
        assert open_bundle(bundle).out_of_fold is None

    def test_unverified_opening_reads_no_large_file(self, bundle):
        (bundle / "model.safetensors").write_bytes(b"damaged")
        assert open_bundle(bundle, verify=False).digest == json_digest(bundle)


def json_digest(bundle: Path) -> str:
    """The digest as the design defines it: SHA-256 over the sorted checksums."""
    import hashlib

    checksums = json.loads((bundle / "checksums.json").read_text())["sha256"]
    return hashlib.sha256(json.dumps(checksums, sort_keys=True).encode()).hexdigest()


class TestDigest:
    def test_it_follows_the_content_not_the_place(self, bundle, tmp_path):
        copy = Path(shutil.copytree(bundle, tmp_path / "elsewhere"))
        assert open_bundle(copy).digest == open_bundle(bundle).digest

    @pytest.mark.parametrize("name", SEALED)
    def test_a_change_in_any_sealed_file_changes_it(self, bundle, name):
        before = open_bundle(bundle).digest
        file = bundle / name
        if name == "config.json":
            change_config(bundle, dropout=0.5)
        else:
            file.write_bytes(file.read_bytes() + b" ")
        assert seal(bundle).digest != before

    def test_the_card_is_outside(self, bundle):
        before = open_bundle(bundle)
        (bundle / "README.md").write_text("# Another card, written after evaluation")
        assert open_bundle(bundle).digest == before.digest == seal(bundle).digest
        (bundle / "README.md").unlink()
        assert open_bundle(bundle).digest == before.digest


class TestVersion:
    @pytest.mark.parametrize(
        ("path", "version"),
        [
            ("genre/cnn/bundle/2026-11-01T12.00.00.000Z/bundle", "2026-11-01T12.00.00.000Z"),
            ("downloads/my_model", "my_model"),
        ],
    )
    def test_it_is_read_from_the_folders_as_kedro_lays_them_out(self, bundle, tmp_path, path, version):
        target = tmp_path / "moved" / path
        target.parent.mkdir(parents=True)
        bundle.rename(target)
        assert bundle_version(target) == version
        assert open_bundle(target).version == version

    def test_a_given_version_counts(self, bundle):
        assert open_bundle(bundle, version="v7").version == "v7"


class TestRefusals:
    def test_a_missing_folder(self, tmp_path):
        with pytest.raises(BundleError, match=r"no bundle at .*/nowhere: the folder does not exist"):
            open_bundle(tmp_path / "nowhere")

    def test_a_folder_that_is_no_bundle(self, tmp_path):
        with pytest.raises(BundleError, match=r"config.json is missing"):
            open_bundle(tmp_path)

    @pytest.mark.parametrize("name", [*SEALED, "checksums.json"])
    def test_a_missing_file(self, bundle, name):
        (bundle / name).unlink()
        with pytest.raises(BundleError, match=rf"{name} is missing.*Train the model again"):
            open_bundle(bundle)

    @pytest.mark.parametrize("name", SEALED)
    def test_a_damaged_file(self, bundle, name):
        content = bytearray((bundle / name).read_bytes())
        content[-1] ^= 1 if name == "model.safetensors" else 0
        (bundle / name).write_bytes(bytes(content) + (b"" if name == "model.safetensors" else b" "))
        with pytest.raises(BundleError, match=rf"{name} is damaged: its SHA-256.*Train the model again"):
            open_bundle(bundle)

    @pytest.mark.parametrize("content", ["{", "[]", "\xff"])
    def test_a_configuration_that_is_not_json(self, bundle, content):
        (bundle / "config.json").write_text(content, encoding="latin-1")
        with pytest.raises(BundleError, match=r"config.json is damaged"):
            open_bundle(bundle)

    def test_a_future_format_version(self, bundle):
        change_config(bundle, auricle_bundle=2)
        with pytest.raises(
            BundleError, match=r"format version 2; this Auricle reads up to 1. Upgrade Auricle"
        ):
            open_bundle(bundle)

    @pytest.mark.parametrize("version", ["drop", "1", 0, -1, True, None])
    def test_no_valid_format_version(self, bundle, version):
        change_config(bundle, auricle_bundle=version)
        with pytest.raises(BundleError, match="this is not an Auricle bundle"):
            open_bundle(bundle)

    @pytest.mark.parametrize("model_type", ["wav2vec9", "drop"])
    def test_an_unknown_model_type(self, bundle, model_type):
        change_config(bundle, model_type=model_type)
        with pytest.raises(
            BundleError, match=r"model_type (None|'wav2vec9').*it knows .*auricle_random_forest"
        ):
            open_bundle(bundle)

    @pytest.mark.parametrize("vocabulary", ["drop", {}, {"0": "a", "2": "b"}, ["a", "b"]])
    def test_a_vocabulary_with_gaps(self, bundle, vocabulary):
        change_config(bundle, id2label=vocabulary)
        with pytest.raises(BundleError, match="id2label"):
            open_bundle(bundle)

    @pytest.mark.parametrize("content", ["{}", '{"sha256": []}', '{"sha256": {"config.json": 3}}'])
    def test_a_list_of_checksums_that_is_none(self, bundle, content):
        (bundle / "checksums.json").write_text(content)
        with pytest.raises(BundleError, match=r"checksums.json is damaged"):
            open_bundle(bundle)

    def test_a_checksum_of_a_file_elsewhere(self, bundle):
        (bundle.parent / "secret").write_text("x")
        file = bundle / "checksums.json"
        content = json.loads(file.read_text())
        content["sha256"]["../secret"] = "0" * 64
        file.write_text(json.dumps(content))
        with pytest.raises(BundleError, match=r"'../secret' is not a file of this folder"):
            open_bundle(bundle)

    def test_weights_that_the_checksums_leave_out(self, bundle):
        file = bundle / "checksums.json"
        content = json.loads(file.read_text())
        del content["sha256"]["model.safetensors"]
        file.write_text(json.dumps(content))
        with pytest.raises(BundleError, match=r"model.safetensors.*not sealed"):
            open_bundle(bundle)


class TestSealing:
    @pytest.mark.parametrize(
        "name", ["config.json", "model.safetensors", "preprocessor_config.json", "training.json"]
    )
    def test_an_incomplete_bundle_is_not_sealed(self, bundle, name):
        (bundle / "checksums.json").unlink()
        (bundle / name).unlink()
        with pytest.raises(BundleError, match=f"{name} is missing"):
            seal(bundle)
        assert not (bundle / "checksums.json").exists()

    def test_it_leaves_nothing_but_the_checksums(self, bundle):
        before = {file.name for file in bundle.iterdir()}
        seal(bundle)
        assert {file.name for file in bundle.iterdir()} == before

    def test_a_reference_says_nothing_it_has_not_read(self, bundle):
        ref = BundleRef(bundle, "v1", "0")
        (bundle / "training.json").unlink()
        with pytest.raises(BundleError, match=r"training.json is missing"):
            _ = ref.training
