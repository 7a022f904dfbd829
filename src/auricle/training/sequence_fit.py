"""One training of the sequence model: passages drawn anew each epoch, the epoch chosen by other notes."""

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional

from auricle.models.note_sequence import NoteSequence, batch_of
from auricle.training.note_sequence_params import NoteSequenceParams
from auricle.training.passages import FloatArray, IntArray, Notes
from auricle.training.vocabulary import effective_weights

ORDERS, SHUFFLE = 0, 1  # keep the seeds of different purposes apart; epochs count from 1


@dataclass(frozen=True)
class SequenceFit:
    """Trains on some of the notes, and asks.

    Attributes:
        notes: of all parts.
        params: of the training.
        lengths: the fewest and the most notes of a passage.
        device: where to compute.
    """

    notes: Notes
    params: NoteSequenceParams
    lengths: tuple[int, int]
    device: torch.device

    def chosen(self, learned: IntArray, choosing: IntArray) -> tuple[NoteSequence, int]:
        """The model of the epoch with the least loss on the notes that choose, and that epoch.

        It may be 0, before anything was learned: the model then says what the analyzer says.
        """
        weights = self._weights(learned)
        passages = self.orders(choosing)
        best, least, epochs = {}, float("inf"), 0
        with torch.random.fork_rng():
            for epoch, model in self._epochs(learned, weights):
                model.eval()
                with torch.inference_mode():
                    loss = float(self._loss(model, passages, weights))
                if loss < least:
                    best, least, epochs = copy.deepcopy(model.state_dict()), loss, epoch
                elif epoch - epochs >= self.params.patience:
                    break
        model.load_state_dict(best)
        return model.eval(), epochs

    def fitted(self, learned: IntArray, epochs: int) -> NoteSequence:
        """The model after so many epochs."""
        with torch.random.fork_rng():
            trained = self._epochs(learned, self._weights(learned))
            return next(model for epoch, model in trained if epoch == epochs).eval()

    def orders(self, rows: IntArray) -> list[IntArray]:
        """Passages of these notes in several orders, the same for everyone who asks."""
        return [passage for order in range(self.params.orders) for passage in self._order(rows, order)]

    def said(self, model: NoteSequence, rows: IntArray) -> FloatArray:
        """What a model says of these notes in each order, float32 (orders, notes, classes)."""
        notes = self.notes
        places = np.empty(len(notes.ids), dtype=np.int64)
        places[rows] = np.arange(len(rows))
        found = np.empty((self.params.orders, len(rows), len(notes.vocabulary)), dtype=np.float32)
        for order in range(self.params.orders):
            passages = self._order(rows, order)
            said = model.corrected(notes.embeddings, notes.probabilities, passages)
            for passage, probabilities in zip(passages, said, strict=True):
                found[order, places[passage]] = probabilities
        return found

    def _order(self, rows: IntArray, order: int) -> list[IntArray]:
        return self.notes.passages(rows, self.lengths, (self.params.seed, ORDERS, order))

    def _epochs(self, learned: IntArray, weights: torch.Tensor | None) -> Iterator[tuple[int, NoteSequence]]:
        """The model before anything was learned, then after each epoch."""
        params, notes = self.params, self.notes
        torch.manual_seed(params.seed)
        model = NoteSequence(params.network, notes.embeddings.shape[1], len(notes.vocabulary))
        model.to(self.device)
        optimizer = torch.optim.AdamW(
            model.parameters(), lr=params.learning_rate, weight_decay=params.weight_decay
        )
        yield 0, model
        for epoch in range(1, params.epochs + 1):
            model.train()
            for batch in self._batches(learned, epoch):
                optimizer.zero_grad()
                self._loss(model, batch, weights).backward()  # type: ignore[no-untyped-call]
                torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
                optimizer.step()
            yield epoch, model

    def _batches(self, learned: IntArray, epoch: int) -> Iterator[list[IntArray]]:
        """Passages of a batch have as many notes in all, however long they are: of single notes there are
        more, so that the control takes as many steps.
        """
        passages = self.notes.passages(learned, self.lengths, (self.params.seed, epoch))
        order = np.random.default_rng((self.params.seed, epoch, SHUFFLE)).permutation(len(passages))
        ends = np.cumsum([len(passages[place]) for place in order])
        steps = max(1, round(ends[-1] / self.params.batch_notes))
        parts = np.minimum((ends - 1) * steps // ends[-1], steps - 1)
        for step in range(steps):
            yield [passages[place] for place in order[parts == step]]

    def _loss(
        self, model: NoteSequence, passages: Sequence[IntArray], weights: torch.Tensor | None
    ) -> torch.Tensor:
        notes = self.notes
        inputs = batch_of(notes.embeddings, notes.log_probabilities, passages, self.device)
        real = torch.arange(inputs[0].shape[1], device=self.device)[None] < inputs[2][:, None]
        targets = torch.from_numpy(notes.targets[np.concatenate(passages)]).to(self.device)
        return functional.cross_entropy(model(*inputs)[real], targets, weight=weights)

    def _weights(self, learned: IntArray) -> torch.Tensor | None:
        if not self.params.class_weights:
            return None
        weights = effective_weights(self.notes.targets[learned], len(self.notes.vocabulary))
        return torch.tensor(weights, dtype=torch.float32, device=self.device)
