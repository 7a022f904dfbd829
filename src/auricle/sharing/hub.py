"""Bundles on the Hugging Face Hub, thin over huggingface_hub: files go and come, and none of them is run."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from auricle.errors import ConfigurationError
from auricle.inference.load import find_bundle
from auricle.inference.onnx_network import FILE
from auricle.models.backbones.packages import needed
from auricle.models.bundle import BundleRef, open_bundle
from auricle.sharing.card import complete_card
from auricle.sharing.pack import SHARED, pack

EXTRA = "hub"
# An export may lie beside any bundle, that of a member too; no other graph is taken.
PATTERNS = [*sorted(f"*{suffix}" for suffix in SHARED), FILE, f"*/{FILE}"]


def push(
    name_or_path: str | Path,
    repo_id: str,
    *,
    private: bool = True,
    licence: str | None = None,
    revision: str | None = None,
    message: str | None = None,
    token: str | None = None,
    run_root: str | Path | None = None,
) -> str:
    """Put a bundle on the hub; see `auricle.push`."""
    hub = needed("huggingface_hub", extra=EXTRA, by="auricle.push")
    bundle = find_bundle(name_or_path, run_root=run_root)
    with TemporaryDirectory(prefix="auricle-push-") as folder:
        packed = pack(bundle, Path(folder) / "bundle")
        complete_card(packed, repo_id, licence, hub)
        api = hub.HfApi(token=token)
        with _explained(repo_id, "pushed to"):
            api.create_repo(repo_id, private=private, repo_type="model", exist_ok=True)
            if private and not api.model_info(repo_id).private:
                raise ConfigurationError(
                    f"{repo_id} is there already, and everybody may read it, but private is True. Nothing was"
                    " pushed. Choose another name, make it private on the hub, or say private=False."
                )
            if revision is not None:
                api.create_branch(repo_id, branch=revision, exist_ok=True)
            commit = api.upload_folder(
                repo_id=repo_id,
                folder_path=packed.path,
                revision=revision,
                commit_message=message or f"{bundle.config['model_type']}, version {bundle.version}",
                allow_patterns=PATTERNS,
                # What an earlier bundle left would else lie beside this one.
                delete_patterns=PATTERNS,
            )
    return str(commit.commit_url)


def fetch(
    repo_id: str,
    *,
    revision: str | None = None,
    cache_dir: str | Path | None = None,
    local_files_only: bool = False,
    token: str | None = None,
) -> BundleRef:
    """Get a bundle from the hub, or from the cache of what was had from there; see `auricle.from_hub`."""
    hub = needed("huggingface_hub", extra=EXTRA, by="auricle.from_hub")
    with _explained(repo_id, "had from"):
        folder = hub.snapshot_download(
            repo_id,
            revision=revision,
            cache_dir=cache_dir,
            local_files_only=local_files_only,
            token=token,
            allow_patterns=PATTERNS,
        )
    return open_bundle(Path(folder))


@contextmanager
def _explained(repo_id: str, done: str) -> Iterator[None]:
    """Say what to do where the hub refuses or cannot be reached.

    Raises:
        ConfigurationError: which says it.
    """
    import httpx
    from huggingface_hub import errors

    try:
        yield
    except errors.HFValidationError as error:
        raise ConfigurationError(
            f"{repo_id!r} is no name on the hub, such as 'user/name': {error}"
        ) from error
    except errors.RevisionNotFoundError as error:
        raise ConfigurationError(
            f"{repo_id} has no such revision ({_first(error)}). Name a branch, a tag or a commit that it has."
        ) from error
    except errors.HfHubHTTPError as error:
        raise ConfigurationError(
            f"{repo_id} cannot be {done} the hub: {_first(error)} Mend the name, or log in with `hf auth"
            " login` (or token=) as somebody who may."
        ) from error
    except (OSError, httpx.HTTPError) as error:
        raise ConfigurationError(
            f"{repo_id} cannot be {done} the hub, which cannot be reached, and nothing of it is cached here:"
            f" {_first(error)} Try again later, or copy the folder of the bundle by other means (`hf download"
            f" {repo_id} --local-dir FOLDER` where the hub can be reached) and take auricle.load(FOLDER)."
        ) from error


def _first(error: Any) -> str:
    return str(error).strip().partition("\n")[0].rstrip(".") + "."
