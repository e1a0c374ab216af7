"""The Keras callback `LiveCurve`."""

import threading
import time
from typing import Any

from helpers import profiles
from helpers.live.interrupt import StopOnInterrupt
from helpers.live.panel import Panel
from helpers.live.picture import Picture
from helpers.live.progress import Progress
from helpers.quiet import import_tensorflow

import_tensorflow()  # in silence; a class needs its base class when it is defined

import keras  # noqa: E402

INTERVAL = 1.0  # seconds between two updates, at least


class LiveCurve(keras.callbacks.Callback):
    """Shows accuracy and loss while a network trains, and lets the learner stop.

    In a notebook, one output grows in place: the curves, the batches of the running epoch, and an
    estimate of the time left. In the end it is a plain figure. In a terminal, Keras's own progress
    bar is shown; when nbgrader runs the notebook, one line of text.

    *Stop* (a button where the notebook can answer it during a cell, and everywhere Interrupt
    Kernel, once) keeps the model and the history, as `keras.Model.stop_training` does: the batch
    ends, the validation images are looked at once more, and `fit` returns. The epoch that was
    running counts, so that the last numbers are those of the model as it is; its training numbers
    are means over the batches that it had. A second interrupt breaks off at once; what was
    recorded until then is in `model.history`.

    It only watches: with and without it, training gives the same weights. The history gets one
    measure more, `seconds`, the time that each epoch took, validation included. (Not when nbgrader
    runs the notebook: there the same answers have to give the same history.)

    Args:
        caption: data set and profile, shown small below the axes.

    Example:
        history = model.fit(images, callbacks=[LiveCurve(splits.caption)], verbose=0)
    """

    def __init__(self, caption: str = ""):
        super().__init__()
        self._caption = caption
        self._show: keras.callbacks.Callback | None = None
        self._one_batch_at_a_time = threading.Lock()

    def on_train_begin(self, logs: dict | None = None) -> None:
        """Choose how to show this training, and begin."""
        if profiles.nbgrader_run():
            self._show = _OneLine()
        elif (shell := _notebook_shell()) is not None:
            self._show = _InNotebook(shell, self._caption)
        elif not self.params.get("verbose"):  # otherwise Keras shows its bar anyway
            self._show = keras.callbacks.ProgbarLogger()
        else:
            self._show = keras.callbacks.Callback()
        self._show.set_model(self.model)
        self._show.set_params({**self.params, "verbose": 1})
        self._show.on_train_begin(logs)

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        """Take the time, and pass on."""
        self._began = time.perf_counter()
        self._show.on_epoch_begin(epoch, logs)

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        """Pass on."""
        # `callbacks=LiveCurve()`, without a list, makes Keras 3.15 call this in several threads.
        with self._one_batch_at_a_time:
            self._show.on_train_batch_end(batch, logs)

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Pass on, and add the seconds to what Keras records, as its own callbacks do."""
        self._show.on_epoch_end(epoch, logs)
        if logs is not None and not profiles.nbgrader_run():
            logs["seconds"] = time.perf_counter() - self._began

    def on_train_end(self, logs: dict | None = None) -> None:
        """Pass on."""
        self._show.on_train_end(logs)
        self._show = None


class _OneLine(keras.callbacks.Callback):
    """Says in one line how the training ended."""

    def on_train_begin(self, logs=None):
        self._progress = Progress(self.params["epochs"], self.params["steps"])

    def on_epoch_begin(self, epoch, logs=None):
        self._progress.begin_epoch(epoch)

    def on_epoch_end(self, epoch, logs=None):
        self._progress.end_epoch(logs or {})

    def on_train_end(self, logs=None):
        print(f"{self._progress.result()}.")


class _InNotebook(keras.callbacks.Callback):
    """Shows the live panel, and stops when asked to.

    Args:
        shell: the IPython shell of the kernel.
        caption: data set and profile.
    """

    def __init__(self, shell: Any, caption: str):
        super().__init__()
        self._shell = shell
        self._caption = caption
        self._stop_asked = threading.Event()  # set by a button's thread, or by an interrupt
        self._interrupt = StopOnInterrupt(self._stop_asked.set)

    def on_train_begin(self, logs=None):
        self._progress = Progress(self.params["epochs"], self.params["steps"])
        self._picture: Picture | None = None
        self._updated_at = 0.0
        self._panel = Panel(self._stop_asked.set, lambda: _has_subshell(self._shell))
        self._tell()
        # When `fit` raises, it does not call on_train_end; the end of the cell comes anyway. (Not
        # "post_execute": a click comes as one, from its own thread; ipykernel issue 1564.)
        self._shell.events.register("post_run_cell", self._break_off)
        self._interrupt.install()

    def on_epoch_begin(self, epoch, logs=None):
        self._progress.begin_epoch(epoch)

    def on_train_batch_end(self, batch, logs=None):
        self._progress.end_batch(batch, logs or {})
        self._stop_if_asked()
        self._update()

    def on_epoch_end(self, epoch, logs=None):
        self._progress.end_epoch(logs or {})
        self._stop_if_asked()
        self._update()

    def on_train_end(self, logs=None):
        self._progress.state = "ended"
        self._end()

    def _break_off(self, _):
        self._progress.state = "broken off"
        self._end()

    def _end(self):
        self._interrupt.restore()
        self._shell.events.unregister("post_run_cell", self._break_off)
        if self._progress.finished:
            self._picture = self._picture or Picture(self._progress, self._caption)
            self._panel.end(self._picture.finish(self._progress))
        else:
            self._panel.end("The training ended before its first epoch did.")

    def _stop_if_asked(self):
        if self._stop_asked.is_set() and not self._progress.stopped:
            self._progress.stopped = True
            self.model.stop_training = True
            self._tell()

    def _update(self):
        """Tell and draw anew, unless that was done a moment ago."""
        if time.perf_counter() - self._updated_at >= INTERVAL:
            self._tell()
            self._picture = self._picture or Picture(self._progress, self._caption)
            self._panel.show(self._picture.draw(self._progress))
            self._updated_at = time.perf_counter()

    def _tell(self):
        self._panel.tell(self._progress.fraction, self._progress.sentence(), self._progress.stopped)


def _notebook_shell() -> Any:
    """Return the IPython shell if this process is the kernel of a notebook, else None."""
    from IPython import get_ipython

    shell = get_ipython()
    return shell if hasattr(shell, "kernel") else None


def _has_subshell(shell: Any) -> bool:
    """Tell whether a front end has opened a subshell, which answers widgets while a cell runs.

    JupyterLab from 4.4 on opens one for widgets, if the kernel is ipykernel 7 or newer.
    """
    manager = getattr(getattr(shell.kernel, "shell_channel_thread", None), "manager", None)
    return bool(manager is not None and manager.list_subshell())
