"""The live curve shows a training and stops it, and leaves everything else as it was."""

import re
import signal
import textwrap
import threading
import time

import pytest
from jupyter_client.manager import start_new_kernel

from helpers.live.interrupt import StopOnInterrupt
from helpers.live.picture import Picture
from helpers.live.progress import Progress, in_words

TIMEOUT = 120  # seconds, for a kernel on a busy machine


class Clock:
    """A clock that goes only when it is told to."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


def logs_of(epoch):
    loss = 2.0 - 0.1 * epoch
    return {"loss": loss, "accuracy": 0.1 + 0.1 * epoch}


def train(progress, clock, epochs, batches=10, seconds=1.0, validation=5.0):
    """Go through whole epochs."""
    for epoch in range(epochs):
        progress.begin_epoch(progress.first + progress.finished)
        for batch in range(batches):
            clock.now += seconds
            progress.end_batch(batch, logs_of(epoch))
        clock.now += validation
        logs = logs_of(epoch)
        progress.end_epoch({**logs, **{f"val_{name}": 0.5 * logs[name] for name in logs}})


# ---- progress -----------------------------------------------------------------------------------


def test_time_left_is_judged_by_the_batches_and_then_by_the_epochs():
    clock = Clock()
    progress = Progress(epochs=4, steps=10, clock=clock)
    progress.begin_epoch(0)
    assert progress.seconds_left() is None
    clock.now += 60  # the first batch builds the training step
    progress.end_batch(0, logs_of(0))
    assert progress.seconds_left() is None
    clock.now += 3
    progress.end_batch(1, logs_of(0))
    assert progress.seconds_left() == pytest.approx(3 * (40 - 2))
    assert "or more, judging by the batches so far" in progress.sentence()
    clock.now += 7
    progress.end_epoch(logs_of(0))
    progress.begin_epoch(1)
    assert progress.seconds_left() == pytest.approx(3 * 70)
    clock.now += 20
    progress.end_epoch(logs_of(1))
    progress.begin_epoch(2)
    assert progress.seconds_left() == pytest.approx(2 * 20)  # the first epoch no longer counts
    clock.now += 5
    assert progress.seconds_left() == pytest.approx(35)
    assert "Epoch 3 of 4" in progress.sentence()
    assert "About 40 s left, judging by the epochs so far" in progress.sentence()


def test_the_length_of_an_epoch_is_learned_where_nobody_knows_it():
    clock = Clock()
    progress = Progress(epochs=2, steps=None, clock=clock)
    progress.begin_epoch(0)
    progress.end_batch(0, logs_of(0))
    progress.end_batch(1, logs_of(0))
    assert progress.fraction == 0
    assert "batch 2." in progress.sentence()
    progress.end_epoch(logs_of(0))
    progress.begin_epoch(1)
    progress.end_batch(0, logs_of(1))
    assert progress.fraction == pytest.approx(0.75)
    assert "batch 1 of 2" in progress.sentence()


def test_training_goes_on_where_an_earlier_one_ended():
    clock = Clock()
    progress = Progress(epochs=6, steps=10, clock=clock)
    progress.begin_epoch(4)
    progress.end_batch(4, logs_of(0))
    assert progress.fraction == pytest.approx(0.25)
    assert "Epoch 5 of 6, batch 5 of 10" in progress.sentence()


def test_the_result_tells_how_it_ended():
    clock = Clock()
    progress = Progress(epochs=3, steps=10, clock=clock)
    train(progress, clock, 1)
    assert progress.result() == "Ended after epoch 1 of 3: validation accuracy 0.05"
    progress.state = "broken off"
    assert progress.result().startswith("Broken off after epoch 1 of 3")
    progress.state = "training"
    progress.begin_epoch(1)
    progress.end_batch(3, logs_of(1))
    progress.stopped = True
    assert "Stopping" in progress.sentence()
    progress.end_epoch(logs_of(1))
    assert progress.result().startswith("Stopped in epoch 2 of 3, after 4 of 10 batches")

    whole = Progress(epochs=3, steps=10, clock=clock)
    train(whole, clock, 3)
    assert whole.result() == "Trained for 3 epochs: validation accuracy 0.15"
    whole.stopped = True
    assert whole.result().startswith("Stopped after epoch 3 of 3")


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (3, "A few seconds"),
        (12, "About 10 s"),
        (94, "About 90 s"),
        (200, "About 3 min"),
        (3560, "About 59 min"),
        (3600, "About 1 h"),
        (5000, "About 1 h 20 min"),
    ],
)
def test_a_time_is_told_as_precisely_as_an_estimate_deserves(seconds, words):
    assert in_words(seconds) == words


# ---- picture ------------------------------------------------------------------------------------


def test_the_picture_grows_and_ends_as_a_described_figure():
    clock = Clock()
    progress = Progress(epochs=5, steps=10, clock=clock)
    progress.begin_epoch(0)
    progress.end_batch(4, logs_of(0))
    picture = Picture(progress, "toy data")
    first = picture.draw(progress)
    progress.end_batch(8, {"loss": 3.0, "accuracy": 0.9})
    second = picture.draw(progress)
    progress.end_epoch({**logs_of(0), "val_loss": 5.0, "val_accuracy": 0.2})
    third = picture.draw(progress)
    assert len({first, second, third}) == 3
    assert all(png.startswith(b"\x89PNG") for png in (first, second, third))

    figure = picture.finish(progress)
    training, validation, running = figure.axes[0].get_lines()
    assert list(training.get_xdata()) == [1]
    assert list(validation.get_ydata()) == [0.2]
    assert list(running.get_ydata()) == []
    assert figure.axes[1].get_ylim()[1] > 5.0
    labels = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert labels == ["training", "validation"]
    assert "Ended after epoch 1 of 5: validation accuracy 0.2" in figure.alt
    assert "validation loss from 5.00 to 5.00" in figure.alt
    assert "toy data" in figure.alt


def test_the_running_epoch_is_drawn_between_the_whole_ones():
    clock = Clock()
    progress = Progress(epochs=5, steps=10, clock=clock)
    train(progress, clock, 2)
    progress.begin_epoch(2)
    progress.end_batch(4, {"loss": 1.5, "accuracy": 0.33})
    picture = Picture(progress)
    picture.draw(progress)
    running = picture._figure.axes[0].get_lines()[2]
    assert list(running.get_xdata()) == [2, 2.5]
    assert list(running.get_ydata()) == [pytest.approx(0.2), 0.33]


def test_without_accuracy_only_the_loss_is_drawn_even_if_it_is_no_number():
    progress = Progress(epochs=2, steps=1)
    progress.begin_epoch(0)
    progress.end_batch(0, {"loss": float("inf")})
    picture = Picture(progress)
    assert picture.draw(progress)
    progress.end_epoch({"loss": float("nan")})
    assert [axes.get_ylabel() for axes in picture.finish(progress).axes] == [
        "Loss (cross-entropy, nats)"
    ]


# ---- interrupt ----------------------------------------------------------------------------------


def test_the_first_interrupt_asks_and_the_second_one_is_raised():
    before = signal.getsignal(signal.SIGINT)
    asked = []
    interrupt = StopOnInterrupt(lambda: asked.append(True))
    interrupt.install()
    signal.raise_signal(signal.SIGINT)
    assert asked == [True]
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
    interrupt.restore()
    assert signal.getsignal(signal.SIGINT) == before


def test_a_handler_that_somebody_else_installed_later_stays():
    before = signal.getsignal(signal.SIGINT)
    interrupt = StopOnInterrupt(lambda: None)
    interrupt.install()
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        interrupt.restore()
        assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_other_threads_do_not_listen():
    before = signal.getsignal(signal.SIGINT)
    thread = threading.Thread(target=StopOnInterrupt(lambda: None).install)
    thread.start()
    thread.join()
    assert signal.getsignal(signal.SIGINT) == before


# ---- without a notebook -------------------------------------------------------------------------


def toy_model():
    import keras

    keras.utils.set_random_seed(3)
    model = keras.Sequential(
        [keras.Input((4,)), keras.layers.Dropout(0.5), keras.layers.Dense(1, "sigmoid")]
    )
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    return model


def fit(model, callbacks, **options):
    import numpy as np

    images = np.random.default_rng(0).random((64, 4), dtype="float32")
    labels = (images.sum(axis=1) > 2).astype("float32")[:, None]
    settings = {"epochs": 2, "validation_split": 0.5, "batch_size": 8, "verbose": 0}
    return model.fit(images, labels, callbacks=callbacks, **{**settings, **options})


def test_a_terminal_gets_the_progress_bar_of_keras(capsys):
    from helpers.live import LiveCurve

    fit(toy_model(), [LiveCurve()])
    shown = capsys.readouterr()
    assert "Epoch 2/2" in shown.out
    assert "4/4" in shown.out
    assert "val_accuracy" in shown.out
    assert shown.err == ""


def test_a_terminal_gets_only_one_progress_bar(capsys):
    from helpers.live import LiveCurve

    fit(toy_model(), [LiveCurve()], verbose=2)
    assert capsys.readouterr().out.count("Epoch 2/2") == 1


def test_nbgrader_gets_one_line_and_its_own_interrupts(capsys, monkeypatch):
    import keras

    from helpers.live import LiveCurve

    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    before = signal.getsignal(signal.SIGINT)
    during = []
    look = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: during.append(signal.getsignal(signal.SIGINT))
    )
    history = fit(toy_model(), [LiveCurve(), look])
    assert "seconds" not in history.history
    shown = capsys.readouterr()
    assert re.fullmatch(r"Trained for 2 epochs: validation accuracy \S+\n", shown.out)
    assert shown.err == ""
    assert set(during) == {before}


# ---- in a kernel --------------------------------------------------------------------------------

SETUP = """
import signal, time
import numpy as np
from helpers.live import LiveCurve
import keras

images = np.random.default_rng(0).random((64, 4), dtype="float32")
labels = (images.sum(axis=1) > 2).astype("float32")[:, None]

def build(eager=True):  # to build a graph would take longer than the training
    keras.utils.set_random_seed(3)
    model = keras.Sequential(
        [keras.Input((4,)), keras.layers.Dropout(0.5), keras.layers.Dense(1, "sigmoid")]
    )
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"], run_eagerly=eager)
    return model

def fit(model, *callbacks, epochs=3):
    return model.fit(images, labels, epochs=epochs, validation_split=0.5, batch_size=8,
                     callbacks=list(callbacks), verbose=0)

slowly = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: time.sleep(0.1))
"""
TRAIN_SLOWLY = """
model = build()
history = fit(model, slowly, LiveCurve("toy data"), epochs=200)
"""
LOOK = """
lengths = {len(curve) for curve in history.history.values()}
print(sorted(history.history), lengths, model.stop_training)
print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)
"""


class Notebook:
    """A kernel, and what it sends, as a front end would see it."""

    def __init__(self):
        self.manager, self.client = start_new_kernel(extra_arguments=["--log-level=40"])
        self.subshell = None

    def close(self):
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)

    def start(self, code):
        """Begin to run a cell."""
        self.seen = []
        self.cell = self.client.execute(textwrap.dedent(code))

    def wait(self, until=None):
        """Read messages until one of the running cell fulfils a condition, or the cell ends."""
        deadline = time.monotonic() + TIMEOUT
        while time.monotonic() < deadline:
            message = self.client.get_iopub_msg(timeout=TIMEOUT)
            if message["parent_header"].get("msg_id") != self.cell:
                continue
            self.seen.append(message)
            if until and until(message):
                return message
            if message["content"].get("execution_state") == "idle":
                self.client.get_shell_msg(timeout=TIMEOUT)
                assert until is None, "the cell ended too soon"
                return None
        raise AssertionError("the kernel did not answer")

    def run(self, code):
        """Run a cell to its end, and return what it printed."""
        self.start(code)
        self.wait()
        assert self.errors == []
        return self.text

    def contents(self, *types):
        return [message["content"] for message in self.seen if message["msg_type"] in types]

    @property
    def text(self):
        return "".join(content["text"] for content in self.contents("stream"))

    @property
    def errors(self):
        return [content["ename"] for content in self.contents("error")]

    @property
    def final(self):
        """What the outputs of the cell hold in the end: by display id, the last data."""
        outputs = {}
        for content in self.contents("display_data", "update_display_data"):
            outputs[content["transient"]["display_id"]] = content["data"]
        return list(outputs.values())

    @property
    def open_widgets(self):
        opened = {content["comm_id"] for content in self.contents("comm_open")}
        return opened - {content["comm_id"] for content in self.contents("comm_close")}

    def press_stop(self):
        """Click the button as JupyterLab does: the message goes to a subshell."""
        (button,) = (
            content["comm_id"]
            for content in self.contents("comm_open")
            if content["data"]["state"].get("description") == "Stop"
        )
        message = self.client.session.msg(
            "comm_msg",
            {"comm_id": button, "data": {"method": "custom", "content": {"event": "click"}}},
        )
        message["header"]["subshell_id"] = self.subshell
        self.client.shell_channel.send(message)

    def open_subshell(self):
        request = self.client.session.msg("create_subshell_request", {})
        self.client.control_channel.send(request)
        reply = self.client.get_control_msg(timeout=TIMEOUT)
        self.subshell = reply["content"]["subshell_id"]


@pytest.fixture(scope="module")
def notebook():
    notebook = Notebook()
    notebook.run(SETUP)
    yield notebook
    notebook.close()


def sentence(message):
    """The text that a widget got with a message, or an empty one."""
    state = message["content"].get("data", {}).get("state", {})
    return state.get("value", "") if isinstance(state.get("value"), str) else ""


def later_epoch(message):
    return re.search(r"Epoch ([2-9]|\d\d+) of", sentence(message))


def test_a_notebook_gets_one_output_that_ends_as_a_plain_figure(notebook):
    notebook.run('history = fit(build(), slowly, LiveCurve("toy data"))')
    assert len(notebook.contents("display_data")) == 1
    assert (
        "application/vnd.jupyter.widget-view+json" in (notebook.contents("display_data")[0]["data"])
    )
    (output,) = notebook.final
    assert set(output) == {"text/plain", "text/html"}
    assert '<img alt="Trained for 3 epochs: validation accuracy' in output["text/html"]
    assert "toy data" in output["text/plain"]
    assert notebook.open_widgets == set()
    assert notebook.text == ""


def test_training_is_the_same_with_and_without_it(notebook):
    shown = notebook.run("""
        plain, watched = build(eager=False), build(eager=False)
        plain_history, watched_history = fit(plain), fit(watched, LiveCurve())
        same = [np.array_equal(a, b) for a, b in zip(plain.get_weights(), watched.get_weights())]
        seconds = watched_history.history.pop("seconds")
        print(all(same), plain_history.history == watched_history.history)
        print(len(seconds), min(seconds) > 0)
    """)
    assert shown == "True True\n3 True\n"


def test_an_interrupt_keeps_model_and_history(notebook):
    notebook.start(TRAIN_SLOWLY)
    notebook.wait(until=later_epoch)
    notebook.manager.interrupt_kernel()
    notebook.wait()
    assert notebook.errors == []
    (output,) = notebook.final
    assert re.search(r"Stopped (in|after) epoch \d+ of 200", output["text/plain"])
    names = "['accuracy', 'loss', 'seconds', 'val_accuracy', 'val_loss']"
    assert re.fullmatch(rf"{re.escape(names)} {{\d+}} True\nTrue\n", notebook.run(LOOK))


def test_a_second_interrupt_breaks_off_and_leaves_nothing_behind(notebook):
    notebook.start("""
        model = build()
        def interrupt_twice(batch, logs):
            if batch == 2 and model.history.epoch:
                signal.raise_signal(signal.SIGINT)
                signal.raise_signal(signal.SIGINT)
        twice = keras.callbacks.LambdaCallback(on_train_batch_end=interrupt_twice)
        history = fit(model, twice, LiveCurve())
    """)
    notebook.wait()
    assert notebook.errors == ["KeyboardInterrupt"]
    (output,) = notebook.final
    assert "Broken off after epoch 1 of 3" in output["text/plain"]
    assert notebook.open_widgets == set()
    assert notebook.run(LOOK).endswith("True\n")
    assert notebook.run("print(len(model.history.history['loss']))") == "1\n"


def test_an_error_in_training_leaves_nothing_behind(notebook):
    notebook.start(
        "fit(build(), LiveCurve(), keras.callbacks.LambdaCallback("
        "on_train_batch_end=lambda batch, logs: 1 / 0))"
    )
    notebook.wait()
    assert notebook.errors == ["ZeroDivisionError"]
    (output,) = notebook.final
    assert output == {"text/plain": "The training ended before its first epoch did."}
    assert notebook.open_widgets == set()
    assert notebook.run(LOOK).endswith("True\n")


def test_one_callback_serves_two_trainings_and_training_goes_on(notebook):
    shown = notebook.run("""
        curve, model = LiveCurve(), build()
        first, second = fit(model, curve), fit(model, curve, epochs=2)
        print(len(first.history["loss"]), len(second.history["loss"]))
    """)
    assert shown == "3 2\n"
    assert [
        re.search(r"Trained for \d epochs", one["text/plain"])[0] for one in notebook.final
    ] == [
        "Trained for 3 epochs",
        "Trained for 2 epochs",
    ]
    assert notebook.open_widgets == set()


def test_it_need_not_be_in_a_list(notebook):
    notebook.run("history = build().fit(images, labels, callbacks=LiveCurve(), verbose=0)")
    assert "Trained for 1 epoch:" in notebook.final[0]["text/plain"]


def test_the_button_is_hidden_where_no_click_would_be_answered(notebook):
    notebook.run("history = fit(build(), slowly, LiveCurve())")
    assert any("interrupt the kernel" in sentence(message) for message in notebook.seen)
    assert not any("Stop keeps" in sentence(message) for message in notebook.seen)


def test_a_click_in_a_subshell_stops_and_keeps_model_and_history(notebook):
    notebook.open_subshell()
    notebook.start(TRAIN_SLOWLY)
    notebook.wait(until=later_epoch)
    assert any("Stop keeps" in sentence(message) for message in notebook.seen)
    notebook.press_stop()
    notebook.wait()
    assert notebook.errors == []
    assert "Stopped" in notebook.final[0]["text/plain"]
    assert re.search(r"{\d+} True\nTrue\n", notebook.run(LOOK))
