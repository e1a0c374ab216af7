"""Where a training stands, and how long it will take."""

import time
from collections.abc import Callable, Mapping


class Progress:
    """The numbers of one call of `fit`, as far as it has come.

    Attributes:
        epochs: number of the last epoch that was asked for, counted from 1.
        steps: batches in an epoch; None as long as nobody knows.
        curves: by measure, one float for each finished epoch.
        first: number of finished epochs that `fit` was told of (`initial_epoch`).
        batches: batches of the running epoch that are done.
        running: mean of each measure over these batches.
        stopped: whether the learner asked for a stop.
        part: batches of the last epoch, if a stop made it shorter than the others; else None.
        state: `preparing`, `training`, `validating`, `ended` or `broken off`.
    """

    def __init__(
        self, epochs: int, steps: int | None, clock: Callable[[], float] = time.perf_counter
    ):
        self.epochs = epochs
        self.steps = steps
        self.curves: dict[str, list[float]] = {}
        self.first = 0
        self.batches = 0
        self.running: dict[str, float] = {}
        self.stopped = False
        self.part: int | None = None
        self.state = "preparing"
        self._clock = clock
        self._epoch_began = clock()
        self._first_batch_ended = self._epoch_began
        self._seconds: list[float] = []  # of each finished epoch, validation included

    @property
    def finished(self) -> int:
        """Number of finished epochs of this call of `fit`."""
        return len(self._seconds)

    @property
    def inside(self) -> float:
        """Share of the running epoch that is done, in [0, 1]; 0 as long as nobody knows."""
        return min(self.batches / self.steps, 1.0) if self.steps else 0.0

    @property
    def fraction(self) -> float:
        """Share of the whole training that is done, in [0, 1]."""
        return (self.finished + self.inside) / max(self.epochs - self.first, 1)

    def begin_epoch(self, epoch: int) -> None:
        """Note that an epoch begins; `epoch` is counted from 0, as Keras does."""
        if not self.finished:
            self.first = epoch
        self.batches = 0
        self.running = {}
        self._epoch_began = self._clock()

    def end_batch(self, batch: int, logs: Mapping[str, float]) -> None:
        """Note the end of a batch, counted from 0, and the means of the epoch so far."""
        self.batches = batch + 1
        self.running = dict(logs)
        self.state = "validating" if self.batches == self.steps else "training"
        if not self.finished and batch == 0:
            self._first_batch_ended = self._clock()

    def end_epoch(self, logs: Mapping[str, float]) -> None:
        """Note the end of an epoch, validation included."""
        for name, value in logs.items():
            self.curves.setdefault(name, []).append(float(value))
        self._seconds.append(self._clock() - self._epoch_began)
        if self.stopped and self.batches != self.steps:
            self.part = self.batches
        else:
            self.steps = self.batches  # now it is known, even for data of unknown length
        self.batches = 0
        self.running = {}
        self.state = "training"

    def seconds_left(self) -> float | None:
        """Estimate the seconds that are left; None before there is anything to judge by.

        Whole epochs are the measure as soon as there is one: as many seconds each as the finished
        ones took on average, without the first if there are others, since it also builds the
        training step. Within the first epoch the batches are the measure, and validation is left
        out.
        """
        now = self._clock()
        to_do = self.epochs - self.first - self.finished
        if self.finished:
            measured = self._seconds[1:] or self._seconds
            each = sum(measured) / len(measured)
            return max(each * to_do - (now - self._epoch_began), 0.0)
        if not self.steps or self.batches < 2:
            return None
        each = (now - self._first_batch_ended) / (self.batches - 1)
        return each * (self.steps * to_do - self.batches)

    def sentence(self) -> str:
        """Say in plain words where the training stands."""
        if self.state == "preparing":
            return "Building the training step. The first batch takes longer than the others."
        epoch = self.first + self.finished + 1
        of = f" of {self.steps:,}" if self.steps else ""
        where = f"Epoch {min(epoch, self.epochs)} of {self.epochs}, batch {self.batches:,}{of}"
        if self.stopped:
            return f"{where}. Stopping: the validation images once more, then it ends."
        if self.state == "validating":
            where += ", now the validation images"
        left = self.seconds_left()
        if left is None:
            return f"{where}."
        if self.finished:
            return f"{where}. {in_words(left)} left, judging by the epochs so far."
        return f"{where}. {in_words(left)} left or more, judging by the batches so far."

    def result(self) -> str:
        """Say in plain words how the training ended."""
        done = self.first + self.finished
        epochs = f"epoch {done} of {self.epochs}"
        if self.state == "broken off":
            what = f"Broken off after {epochs}"
        elif self.part is not None:
            of = f" of {self.steps:,}" if self.steps else ""
            what = f"Stopped in {epochs}, after {self.part:,}{of} batches"
        elif self.stopped:
            what = f"Stopped after {epochs}"
        elif done < self.epochs:
            what = f"Ended after {epochs}"
        else:
            what = f"Trained for {self.finished} epoch{'' if self.finished == 1 else 's'}"
        measure = accuracy_in(self.curves)
        for name in (f"val_{measure}", measure, "val_loss", "loss"):
            if name in self.curves:
                return f"{what}: {measure_in_words(name)} {self.curves[name][-1]:.3g}"
        return what


def accuracy_in(measures: Mapping[str, object]) -> str | None:
    """Return the name of the measure that is an accuracy (of the training images), or None."""
    return next((name for name in measures if "acc" in name and name[:4] != "val_"), None)


def in_words(seconds: float) -> str:
    """Say a time as precisely as an estimate deserves.

    >>> in_words(47), in_words(200), in_words(5000)
    ('About 50 s', 'About 3 min', 'About 1 h 20 min')
    """
    if seconds < 5:
        return "A few seconds"
    if seconds < 95:
        return f"About {10 * max(round(seconds / 10), 1)} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"About {minutes} min"
    hours, minutes = divmod(10 * round(minutes / 10), 60)
    return f"About {hours} h" + (f" {minutes} min" if minutes else "")


def measure_in_words(measure: str) -> str:
    """Say which images a measure is about: `val_loss` is the validation loss."""
    name = measure.removeprefix("val_").replace("_", " ")
    return f"{'validation' if measure.startswith('val_') else 'training'} {name}"
