"""Every way to break the contract of an encoder or a classifier has a message of its own."""

import copy
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from auricle.errors import ConfigurationError, ContractError
from auricle.models.rating.check import check_memory, check_pair
from auricle.models.rating.contracts import Classifier, Encoder
from auricle.models.rating.pair import checked_pair, make_pair
from auricle.models.rating.params import PairParams
from auricle.models.rating.plugins import allowing

MODULE = "faulty_parts"
RATE = 8_000
ENCODERS = {
    "NotPooled": r"makes \(4, 6, 1999\) of waveforms \(4, 8000\), and \(batch, embedding_dim\) = \(4, 6\)",
    "TransposedEncoder": r"makes \(6, 4\) of waveforms",
    "OtherDim": r"get_embedding_dim\(\) = 7 and makes embeddings of 6",
    "NoDim": r"has no method get_embedding_dim",
    "TextDim": r"get_embedding_dim\(\) is 'six', and a whole number",
    "OneLengthOnly": r"does not take an input of shape \(4, 12000\).*dimension does not match",
    "SilenceIsNan": r"NaN of a silent clip",
    "AlwaysNan": r"makes NaN of 4 of 4 inputs",
    "BatchMaximum": r"depends on the batch's other members",
    "BatchMean": r"depends on the batch's other members",
    "AlwaysRandom": r"something else when it is asked again in evaluation mode",
    "Detached": r"gets no gradient",
    "RootAtZero": r"gradient that is NaN or infinite",
    "TooLarge": r"ran out of memory on an input of shape \(4, 8000\)",
    "LostBuffer": r"buffer 'window' with persistent=False",
    "Failing": r"fails on an input of shape \(4, 8000\): KeyError: 'missing'",
    "Whole": r"makes torch.int64 of an input",
    "TupleOfOne": r"makes a tuple of an input \(1, 8000\)",
    "SqueezedOne": r"makes \(6,\) of a batch of 1, and \(1, 6\) was expected",
    "OnceOnly": r"the encoder asked again fails on an input of shape \(4, 8000\): RuntimeError: once",
    "TupleInTraining": r"the encoder in training, makes a tuple",
}
CLASSIFIERS = {
    "Squeezed": r"makes \(4,\) of embeddings \(4, 6\), and \(batch, 1\) = \(4, 1\)",
    "TwoColumns": r"makes \(4, 2\) of embeddings",
    "Unbounded": r"ratings from .* to .*, and values in \[0, 1\]",
    "Stars": r"values in \[0, 1\] were expected. End in a sigmoid",
    "FixedDim": r"does not take an input of shape \(4, 6\).*embedding_dim",
    "ClassifierNan": r"the classifier, makes NaN",
    "RankInBatch": r"the classifier, says something else of a member of a batch",
    "Rounded": r"gradient of exactly 0",
    "NumpyClassifier": r"the classifier, gets no gradient",
    "TooLargeClassifier": r"the classifier ran out of memory",
}


@pytest.fixture(autouse=True)
def own_classes() -> Iterator[None]:
    with allowing([MODULE], Path(__file__).parent):
        yield


def pair(encoder: str = "GoodEncoder", classifier: str = "GoodClassifier") -> PairParams:
    return PairParams(encoder_class=f"{MODULE}:{encoder}", classifier_class=f"{MODULE}:{classifier}")


class TestAContractThatIsKept:
    def test_is_reported_with_shapes_ranges_and_parameters(self) -> None:
        report = checked_pair(pair(), RATE)
        assert report.encoder.shapes == (((4, 8000), (4, 6)), ((4, 12000), (4, 6)))
        assert 0 <= report.classifier.low <= report.classifier.high <= 1
        assert report.encoder.parameters == report.encoder.learning == 54

    def test_is_checked_without_a_random_number_being_drawn_elsewhere(self) -> None:
        torch.manual_seed(3)
        expected = torch.rand(2)
        torch.manual_seed(3)
        checked_pair(pair(), RATE)
        assert torch.equal(torch.rand(2), expected)

    def test_leaves_weights_and_running_statistics_as_they_are(self) -> None:
        named = PairParams(
            encoder_class="auricle.models.encoders:WaveformCNN", encoder_kwargs={"channels": [4]}
        )
        encoder, classifier = make_pair(named, RATE)
        before = copy.deepcopy(encoder.state_dict() | classifier.state_dict())
        told = {"names": ("m:E", "m:C"), "device": "cpu"}
        check_pair(encoder, classifier, lengths=(RATE, 2 * RATE), **told)
        check_memory(encoder, classifier, batch=2, samples=RATE, **told)
        after = encoder.state_dict() | classifier.state_dict()
        assert any("running_mean" in name for name in after)
        assert all(torch.equal(value, before[name]) for name, value in after.items())
        parameters = [*encoder.parameters(), *classifier.parameters()]
        assert all(parameter.grad is None for parameter in parameters)

    def test_is_that_of_the_protocols(self) -> None:
        encoder, classifier = make_pair(pair(), RATE)
        assert isinstance(encoder, Encoder)
        assert isinstance(classifier, Classifier)
        assert not isinstance(classifier, Encoder)

    def test_may_have_a_frozen_encoder(self) -> None:
        assert checked_pair(pair("Frozen"), RATE).encoder.learning == 0


class TestAContractThatIsBroken:
    @pytest.mark.parametrize("name", sorted(ENCODERS))
    def test_names_the_encoder_and_the_fault(self, name: str) -> None:
        with pytest.raises(ContractError, match=ENCODERS[name]) as error:
            checked_pair(pair(name), RATE)
        assert f"{MODULE}:{name}" in str(error.value)

    @pytest.mark.parametrize("name", sorted(CLASSIFIERS))
    def test_names_the_classifier_and_the_fault(self, name: str) -> None:
        with pytest.raises(ContractError, match=CLASSIFIERS[name]) as error:
            checked_pair(pair(classifier=name), RATE)
        assert f"{MODULE}:{name}" in str(error.value)

    def test_is_told_where_nothing_learns(self) -> None:
        with pytest.raises(ContractError, match="nothing could be learned"):
            checked_pair(pair("Frozen", "FrozenClassifier"), RATE)

    def test_is_told_where_it_cannot_be_made(self) -> None:
        with pytest.raises(ConfigurationError, match=r"cannot be made with .*ValueError: no such file"):
            checked_pair(pair("NotMade"), RATE)

    def test_is_told_where_a_whole_batch_does_not_fit(self) -> None:
        encoder, classifier = make_pair(pair(), RATE)
        with pytest.raises(ContractError, match="ran out of memory on an input of shape"):
            check_memory(
                _Greedy(encoder), classifier, names=("m:Greedy", "m:C"), batch=8, samples=16_000, device="cpu"
            )


class _Greedy(torch.nn.Module):
    """Takes memory by the length of a batch: a small one is no trouble."""

    def __init__(self, encoder: torch.nn.Module) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, waveforms: torch.Tensor) -> torch.Tensor:
        if waveforms.numel() > 100_000:
            torch.empty(10**15)
        return self.encoder(waveforms)
