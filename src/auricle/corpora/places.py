"""The places that groups are put in: the splits of a hold-out, or the folds of a k-fold."""

import logging
from dataclasses import dataclass

import pandas as pd

from auricle.corpora.params import IngestParams
from auricle.errors import ConfigurationError

logger = logging.getLogger(__name__)

TRAIN, VALIDATION, TEST, UNLABELLED = "train", "validation", "test", "unlabelled"
# Published as training, in lists that name no validation: whichever of both is shorter.
TRAIN_OR_VALIDATION = "train or validation"


@dataclass(frozen=True)
class Places:
    """What a protocol distributes groups over.

    Attributes:
        protocol: `holdout`, or `grouped_k_fold/5`: the ledger keeps one history for each.
        shares: Share of the recordings for each place; sums to 1.
    """

    protocol: str
    shares: dict[str, float]

    @classmethod
    def of(cls, params: IngestParams) -> "Places":
        """The places of a protocol."""
        if params.protocol == "grouped_k_fold":
            names = [f"fold {number}" for number in range(params.folds)]
            return cls(f"grouped_k_fold/{params.folds}", dict.fromkeys(names, 1 / params.folds))
        train = 1 - params.validation_share - params.test_share
        return cls("holdout", {TRAIN: train, VALIDATION: params.validation_share, TEST: params.test_share})

    @property
    def folded(self) -> bool:
        """Whether places are folds."""
        return self.protocol != "holdout"

    def split_and_fold(self, place: str) -> tuple[str, int]:
        """What the manifest says of a place: under k-fold all is `train`, with a fold."""
        return (TRAIN, int(place.removeprefix("fold "))) if self.folded else (place, -1)

    def place(self, split: str, fold: int) -> str:
        """The inverse of `split_and_fold`."""
        return f"fold {fold}" if self.folded else split

    def allowed(self, place: str | None) -> tuple[str, ...]:
        """The places that a group may still be put in."""
        if place == TRAIN_OR_VALIDATION:
            return (TRAIN, VALIDATION)
        return tuple(self.shares) if place is None else (place,)

    def settle(self, places: set[str]) -> str | None:
        """The one place that all of these allow; None if nothing is said yet.

        Raises:
            ValueError: There is none.
        """
        definite = places - {TRAIN_OR_VALIDATION}
        if definite and TRAIN_OR_VALIDATION in places and not definite <= {TRAIN, VALIDATION}:
            raise ValueError(places)
        if len(definite) > 1:
            raise ValueError(places)
        return next(iter(definite or places), None)

    def published(self, table: pd.DataFrame) -> pd.Series:
        """The place that the source publishes for each recording, or missing.

        Raises:
            ConfigurationError: Other published folds than the parameters ask for.
        """
        splits, folds = table["published_split"].astype("str"), table["published_fold"]
        if not self.folded:
            lists = set(splits.dropna())
            return splits.replace(TRAIN, TRAIN_OR_VALIDATION) if lists == {TRAIN, TEST} else splits
        if splits.notna().any():
            logger.info(
                "protocol grouped_k_fold: the published train, validation and test lists are not used."
            )
        numbers = sorted(folds.dropna().unique())
        if numbers and len(numbers) != len(self.shares):
            raise ConfigurationError(
                f"The corpus publishes {len(numbers)} folds ({', '.join(map(str, numbers))}), the parameters"
                f" ask for {len(self.shares)}. Set folds: {len(numbers)}, or do not name a fold_column."
            )
        return folds.map({number: f"fold {place}" for place, number in enumerate(numbers)}).astype("str")
