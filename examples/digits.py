"""A perceptron learns scikit-learn's handwritten digits, compiled as one loop.

`jit` compiles a chunk of epochs as one program: each epoch shuffles the training set
with funcgrad's own counter-based random numbers and scans over its minibatches, to
which it adds noise; the weights' average over the last steps is tested. Between chunks
the progress bar moves. Prints the accuracy on held-out digits and writes a PNG with the
loss curve and some predictions.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from tqdm import tqdm

import funcgrad as fg
import funcgrad.numpy as fnp

Layers = list[dict[str, np.ndarray]]


class Training(NamedTuple):
    """What an epoch reads and writes."""

    layers: Layers
    averaged: Layers  # over the last steps: these are tested
    optimizer: Any
    key: np.ndarray


def load(test_size: float = 0.2) -> tuple[np.ndarray, ...]:
    """Training and test images, scaled to [0, 1], and their labels."""
    digits = load_digits()
    images = digits.data / 16.0  # (1797, 64)
    x_train, x_test, y_train, y_test = train_test_split(
        images,
        digits.target,
        test_size=test_size,
        stratify=digits.target,
        random_state=0,
    )
    return x_train, x_test, y_train, y_test


def init(key: np.ndarray, widths: tuple[int, ...]) -> Layers:
    """Weights of variance 2 over fan-in (He et al. 2015, arXiv:1502.01852)."""
    keys = fg.random.split(key, len(widths) - 1)
    return [
        {
            "W": fg.random.normal(k, (m, n)) * np.sqrt(2.0 / m),
            "b": fnp.zeros(n),
        }
        for k, m, n in zip(keys, widths[:-1], widths[1:], strict=True)
    ]


def logits(layers: Layers, x: np.ndarray) -> np.ndarray:
    """Unnormalised log-probabilities: x (n, 64) -> (n, 10)."""
    *hidden, last = layers
    for layer in hidden:
        x = fg.nn.relu(x @ layer["W"] + layer["b"])
    return x @ last["W"] + last["b"]


def loss(layers: Layers, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Mean cross entropy of images x (n, 64) with labels y (n,)."""
    log_p = fg.nn.log_softmax(logits(layers, x))
    return -fnp.mean(fnp.sum(fg.nn.one_hot(y, 10) * log_p, axis=1))


def make_trainer(
    optimizer: Any,
    *,
    batch: int = 32,
    epochs: int,
    noise: float = 0.15,
    memory: float = 0.998,
) -> Callable[[Training, np.ndarray, np.ndarray], tuple[Training, np.ndarray]]:
    """Compile ``epochs`` epochs: training and data -> training, loss of each epoch."""

    def average(old: np.ndarray, new: np.ndarray) -> np.ndarray:
        return memory * old + (1.0 - memory) * new

    @fg.jit
    def train(
        training: Training, x: np.ndarray, y: np.ndarray
    ) -> tuple[Training, np.ndarray]:
        batches = len(x) // batch

        def step(now: Training, indices: np.ndarray) -> tuple[Training, np.ndarray]:
            key, noise_key = fg.random.split(now.key)
            images = x[indices] + noise * fg.random.normal(noise_key, (batch, 64))
            value, grads = fg.value_and_grad(loss)(now.layers, images, y[indices])
            layers, state = optimizer.update(grads, now.optimizer, now.layers)
            averaged = fg.tree.map(average, now.averaged, layers)
            return Training(layers, averaged, state, key), value

        def epoch(now: Training, _: None) -> tuple[Training, np.ndarray]:
            key, shuffle_key = fg.random.split(now.key)
            order = fg.random.permutation(shuffle_key, len(x))[: batches * batch]
            now, losses = fg.lax.scan(
                step, now._replace(key=key), order.reshape(batches, batch)
            )
            return now, fnp.mean(losses)

        return fg.lax.scan(epoch, training, None, length=epochs)

    return train


def plot(
    path: Path, losses: np.ndarray, x: np.ndarray, y: np.ndarray, predicted: np.ndarray
) -> None:
    """Write the loss curve and the first ten held-out digits with their predictions."""
    figure = Figure(figsize=(8, 5), layout="constrained")
    panels: Any = figure.subfigures(2, 1, height_ratios=(2, 1))
    curve, gallery = panels
    axes = curve.subplots()
    axes.semilogy(np.arange(1, len(losses) + 1), losses)
    axes.set(xlabel="epoch", ylabel="training loss")
    for i, cell in enumerate(gallery.subplots(1, 10)):
        cell.imshow(x[i].reshape(8, 8), cmap="gray_r")
        colour = "black" if predicted[i] == y[i] else "red"
        cell.set_title(f"{predicted[i]}", color=colour)
        cell.set_axis_off()
    figure.savefig(path, dpi=120)


def main(
    seed: int = 0,
    chunks: int = 10,
    epochs_per_chunk: int = 4,
    widths: tuple[int, ...] = (64, 256, 128, 10),
    png: Path | None = Path("digits.png"),
) -> dict[str, float]:
    """Train, test, draw.

    Parameters
    ----------
    seed : int
        Of the weights and the shuffling.
    chunks, epochs_per_chunk : int
        The bar moves once a chunk; the training has ``chunks * epochs_per_chunk``
        epochs.
    widths : tuple of int
        Units of each layer, 64 pixels and 10 classes included.
    png : Path, optional
        Where to draw; None draws nothing.

    Returns
    -------
    dict of str to float
        ``accuracy`` on held-out digits, the ``first_loss`` and the ``last_loss``.
    """
    x_train, x_test, y_train, y_test = load()
    optimizer = fg.optimizers.adam(1e-3)
    train = make_trainer(optimizer, epochs=epochs_per_chunk)
    key, init_key = fg.random.split(fg.random.key(seed))
    layers = init(init_key, widths)
    training = Training(layers, layers, optimizer.init(layers), key)
    losses: list[float] = []
    with tqdm(total=chunks * epochs_per_chunk, unit="epoch") as bar:
        for _ in range(chunks):
            training, chunk_losses = train(training, x_train, y_train)
            losses.extend(np.asarray(chunk_losses).tolist())
            bar.set_postfix(loss=f"{losses[-1]:.4f}")
            bar.update(epochs_per_chunk)
    predicted = np.argmax(np.asarray(logits(training.averaged, x_test)), axis=1)
    accuracy = float(np.mean(predicted == y_test))
    print(f"accuracy on {len(y_test)} held-out digits: {100 * accuracy:.2f} %")
    if png is not None:
        plot(png, np.array(losses), x_test, y_test, predicted)
        print(f"loss curve and predictions: {png}")
    return {"accuracy": accuracy, "first_loss": losses[0], "last_loss": losses[-1]}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--png", type=Path, default=Path("digits.png"))
    options = parser.parse_args()
    main(seed=options.seed, png=options.png)
