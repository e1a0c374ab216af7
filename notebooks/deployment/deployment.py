# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Deployment: a model leaves the notebook
#
# So far your models lived in a notebook and died with it. Today one gets out: into a file, into a program that knows nothing of this
# course, behind a web address, onto a phone. Each step can change what it says. So you will prove that it still says the same,
# and measure what it costs.
#
# **Time:** plan three hours. Each section says how long it takes.

# %% [markdown]
# ## What you will be able to do
#
# | you can | it is checked by |
# | --- | --- |
# | export a model with everything that a stranger needs to use it | `check_export` |
# | prove, in a fresh process, that it still gives the same answers | `check_equality` |
# | make it smaller, and know what that costs | `check_choice` |
# | say when its confidence can be believed, and what to watch in use | your answer at the end |

# %% [markdown]
# ## Start
#
# On your own computer there is nothing to do. On Colab, upload the course's folder and name it `course`; the
# next cell installs it.

# %%
import sys

if "google.colab" in sys.modules:
    get_ipython().run_line_magic("pip", "install --quiet /content/course")

# %% [markdown]
# Next, the profile: how much data, which backbone, how many epochs, and how to change that.

# %%
from helpers import profiles

profile = profiles.current(pinned="quick")
print(profile)

# %% [markdown]
# The images are those of the last two notebooks. Everything that is chosen or fitted today uses the validation part. The test part
# is read once, towards the end.

# %%
from helpers import data

splits = data.load_splits(profile)
data.banner(splits)

# %% [markdown]
# ## The model
#
# *10 minutes.* Deliver a model of your own: write `model.save("my_model.keras")` at the end of one of the last two notebooks, and
# move the file into the folder of this one. Without such a file, a small model is trained now: the lower part of the frozen backbone,
# with a new head.

# %%
from helpers import trained

model = trained.load_or_train(profile, splits)

# %% [markdown]
# What does it know? These validation images, and what the model says about them, are the reference for everything that follows.

# %%
from helpers import pictures

images, labels = pictures.to_arrays(splits.validation)
expected = model.predict(images, verbose=0)
print(f"{(expected.argmax(axis=1) == labels).mean():.1%} of {len(labels):,} validation images are right")

# %% [markdown]
# ## Save and load
#
# *25 minutes.* A `.keras` file is an ordinary zip archive. **Before you look inside:** what has to be in it, so that somebody
# without this notebook gets the same model?

# %%
import zipfile

folder = trained.export_folder()
folder.mkdir(exist_ok=True)
model.save(folder / "first.keras")
for part in zipfile.ZipFile(folder / "first.keras").infolist():
    print(f"{part.filename:20} {part.file_size:10,} bytes")

# %% [markdown]
# Three things: the *architecture* in words (`config.json`), the *numbers* (`model.weights.h5`), and a note on versions. No Python
# code. Whoever loads the file needs Keras, which builds the layers by their names and puts the numbers in.

# %%
import keras
import numpy as np

loaded = keras.saving.load_model(folder / "first.keras")
difference = np.abs(loaded.predict(images, verbose=0) - expected).max()
print("largest difference of a probability:", difference)

# %% [markdown]
# ### What is not in the file
#
# The normalization of the backbone is a layer *inside* the model, so it was saved. What happens before the model was not. Images have to
# be 32 by 32 pixels, upright, red, green and blue in this order, from 0 to 1. **Predict:** what if somebody forgets one of that?

# %%
mistakes = {
    "as in training": images,
    "from 0 to 255": images * 255,
    "blue, green, red": images[..., ::-1],
    "upside down": images[:, ::-1],
}
for name, sent in mistakes.items():
    right = (loaded.predict(sent, verbose=0).argmax(axis=1) == labels).mean()
    print(f"{name:18} {right:.1%}")

# %% [markdown]
# No error and no warning, whatever it cost. So a model that leaves has to take its preprocessing along: inside the model as far as possible,
# and the rest as a small program beside it. You will see that program below.

# %% [markdown]
# ### A model that does not come back
#
# Preprocessing inside the model has to be made of layers. `Lambda` looks handy: any line of Python becomes a layer.
# **Predict:** the file knows layers by their names. What can it store of a line of Python?

# %%
handy = keras.Sequential(
    [keras.Input((32, 32, 3)), keras.layers.Lambda(lambda x: (print("Code from a file runs!"), x / 255)[1])]
)
handy.save(folder / "handy.keras")

# %% [markdown]
# Saving works. The line was printed because Keras runs the layer to learn its output's shape. Now load the file again, as somebody
# would who got it from you:

# %%
try:
    keras.saving.load_model(folder / "handy.keras")
except Exception as error:
    print(type(error).__name__, "-", str(error).splitlines()[0])

# %% [markdown]
# Keras refuses. The file holds the compiled Python of your `Lambda`, and Python from a file can do all that you can do: read your
# mail, delete your files. The message names a way out, `safe_mode=False`. **Predict** what happens if you take it.

# %%
_ = keras.saving.load_model(folder / "handy.keras", safe_mode=False)

# %% [markdown]
# The code in the file ran *while it was being loaded*, before anybody asked the model anything. Here it only printed a line. **Never load
# a stranger's file with safe mode off**, and use layers instead of `Lambda`: `Resizing`, `Rescaling`, `Normalization`.

# %% [markdown]
# ## Export: the right form for each place
#
# *35 minutes.* A `.keras` file needs Keras and TensorFlow, hundreds of megabytes of software. It is the form to *train on* with. For using a
# model there are others. They hold the finished computation, and no layers any more.

# %% [markdown]
# | format | runs with | made for |
# | --- | --- | --- |
# | Keras file | Keras, TensorFlow | training on, other notebooks |
# | SavedModel | TensorFlow, without Keras | servers |
# | LiteRT (formerly TensorFlow Lite) | a small runtime | phones, small computers, servers that start quickly |
#
# LiteRT files can also hold their numbers in fewer bits. The first step of that, 16 instead of 32, is part of the next exercise.

# %% [markdown]
# ### What an artifact is
#
# A model file alone is not enough: somebody has to decode pictures, and to know what the ten numbers mean. An **artifact**, what
# is delivered, is a folder with all of it. `deployment.export_model` calls Keras's `model.export` and puts the rest beside it.

# %%
from helpers import deployment

artifact = deployment.export_model(
    model, folder / "example", "keras", class_names=splits.class_names
)
for path in sorted(artifact.folder.iterdir()):
    print(f"{path.name:15} {path.stat().st_size:10,} bytes")

# %% [markdown]
# `decoder.py` turns a picture file into what the model reads, `predict.py` runs the model. Both need NumPy and
# Pillow, and nothing of this course. `artifact.json` says what the ten numbers mean. Look at it: **which line would you miss most?**

# %%
import json

manifest = json.loads((artifact.folder / "artifact.json").read_text())
for name in ("format", "classes", "input", "made_with"):
    print(name, "=", manifest[name])

# %% [markdown]
# A network trained on *airplane, automobile, bird* gives the same ten numbers to a reader who thinks they are in alphabetical order,
# or in another one. Nothing in the numbers tells. The checksums, not printed here, tell whether a file was changed on its way.

# %% [markdown]
# ### Your turn: export
#
# Export `model` in four formats, `keras`, `saved_model`, `litert_float32` and `litert_float16`, into the folder `folder`. Call
# the result `artifacts`: a dictionary from the format's name to its artifact. `deployment.export_formats?` in a cell of its own shows
# how to do it in one call.

# %% deletable=false nbgrader={"cell_type": "code", "checksum": "8899e9cdea8710bf320ee60e1af74573", "grade": false, "grade_id": "export_cell", "locked": false, "schema_version": 3, "solution": true}
# Export `model` in the four formats; call the dictionary `artifacts`.
# YOUR CODE HERE
raise NotImplementedError()

# %% [markdown]
# The check looks at no line of your code. It copies the four folders and asks the models in them about validation images.

# %% deletable=false editable=false nbgrader={"cell_type": "code", "checksum": "f7d46645fa8ac9777a97e05ad599380d", "grade": true, "grade_id": "check_export", "locked": true, "points": 5, "schema_version": 3, "solution": false}
from helpers import checks

checks.check_export(model, artifacts, profile)

# %% [markdown]
# What are they like? **Predict** which is the largest. All four hold the same weights.

# %%
for artifact in artifacts.values():
    print(f"{artifact.title:15} {artifact.size / 1e6:6.2f} MB")

# %% [markdown]
# A SavedModel holds every operation by name, more than once, and that weighs more than the numbers in a model as small as this. With 16 bits a
# weight takes half the space. Is what comes out still the same?

# %% [markdown]
# ## The proof of equality
#
# *40 minutes.* "It works" means: somebody else, elsewhere, gets the answers that you got. Elsewhere is another process, with its own
# imports, that reads *files*. So the first step is to have the validation images as files.

# %%
files = deployment.write_images(images, folder / "images")
print(len(files), "files, such as", files[0])

# %% [markdown]
# These are easy: small, square, three colours. People's pictures are not. Here are five files as they come from cameras, scanners
# and printers. **Predict** what the network should get to see of each.

# %%
odd = pictures.write_pictures(splits, folder / "pictures")[-5:]
pictures.show_decoded(odd, caption=splits.caption)

# %% [markdown]
# Grey becomes three equal colours, what is transparent becomes white, a photograph is turned upright as its camera noted, the colours of a
# printer become those of a screen. Of a wide picture the middle is taken. If another program decides differently, the network sees another picture.

# %% [markdown]
# Even the *resizing* differs between libraries, by several levels of brightness. That is why the decoder is shipped with the
# model instead of being described in a manual. And a file that is no picture has to give an error that says so:

# %%
essay = folder / "essay.docx"
essay.write_text("no picture")
try:
    deployment.decode_image(essay)
except deployment.ImageError as error:
    print(error)

# %% [markdown]
# Now the stranger's side. A new Python process starts, imports nothing of this course, decodes the files and answers. The next
# cell does that with the LiteRT file.

# %%
strange = deployment.predict_in_fresh_process(artifacts["litert_float32"], files)
print("answers:", strange.probabilities.shape, " errors:", strange.errors)
print(f"memory of that process: {strange.peak_memory / 1e6:.0f} MB")

# %% [markdown]
# ### Equal to whom?
#
# What is "the same"? **Predict:** how many of the probabilities are *exactly* the notebook's, to the last digit? And does it matter?

# %%
gaps = np.abs(strange.probabilities - expected)
print(f"exactly equal: {(gaps == 0).mean():.1%} of the numbers")
print(f"largest difference: {gaps.max():.1e}, mean difference: {gaps.mean():.1e}")

# %% [markdown]
# Two programs add the same numbers in another order, and floating-point sums depend on the order. So exact equality is too much to ask.
# Equal accuracy is too little: two models can be right equally often, on different images. In this course **equal** means both:

# %% [markdown]
# - the *largest* difference between two probabilities is at most 0.0001, over all images and classes;
# - the top class is the same for *every* image.
#
# The mean will not do: one picture that is badly off vanishes among a thousand others.

# %% [markdown]
# It happens. Keras 3.15's own `model.export` made a SavedModel of a MobileNetV2 that was fine-tuned on CIFAR-10. Accuracy on 2,000 images: 74.2%
# before, 73.8% after. Yet for 8.9% of them it named another class: a `Resizing` layer had told those behind it that
# this is training ([Keras, pull request 23166](https://github.com/keras-team/keras/pull/23166)). Accuracy did not notice. `deployment.export_model` prevents it.

# %% [markdown]
# ### Your turn: prove it
#
# Fill two dictionaries with the names of the formats as keys. `fresh`: the probabilities that each of the `artifacts` gives for `files`
# in a fresh process. `equal`: `True` or `False`, whether they are equal to `expected` in the sense above. Write the comparison
# yourself; a process with TensorFlow takes some seconds to start.

# %% deletable=false nbgrader={"cell_type": "code", "checksum": "1a07acd28b681887fb7f1b610dc76513", "grade": false, "grade_id": "equality_cell", "locked": false, "schema_version": 3, "solution": true}
# Fill `fresh` (probabilities) and `equal` (True or False) for every artifact.
# YOUR CODE HERE
raise NotImplementedError()

# %% [markdown]
# The check runs your artifacts itself, and compares.

# %% deletable=false editable=false nbgrader={"cell_type": "code", "checksum": "89c13f580ac48fea0983866453ef698b", "grade": true, "grade_id": "check_equality", "locked": true, "points": 4, "schema_version": 3, "solution": false}
checks.check_equality(model, artifacts, fresh, equal, profile)

# %% [markdown]
# The course has the same comparison as a function, which also tells the accuracies. Read the last line closely: **would you deliver
# it?**

# %%
for name, probabilities in fresh.items():
    print(f"{name:15} {deployment.compare_predictions(expected, probabilities, labels)}")

# %% [markdown]
# "Not equal" is no verdict on its quality. It means: this is a *new* model, and has to be judged as one, by its accuracy on
# validation images. For the three others that is not necessary: they are the old one.

# %% [markdown]
# ## Fewer bits
#
# *35 minutes.* A weight needs not have 32 bits. **Quantization** stores whole numbers from -127 to 127 and one factor, the *scale*, for all of them. The
# next cell does it by hand with the largest array of your model. **Predict:** how large is the error, measured in steps of the scale?

# %%
weights = max((weight.numpy() for weight in model.weights), key=np.size)
scale = np.abs(weights).max() / 127
stored = np.round(weights / scale).astype("int8")
error = np.abs(stored * scale - weights).max()
print(f"{weights.nbytes:,} bytes became {stored.nbytes:,}")
print(f"scale {scale:.5f}, largest error {error:.5f}, values in use: {len(np.unique(stored))}")

# %% [markdown]
# Rounding errs by half a step at most. That is the whole idea; what differs is *what* gets fewer bits
# ([Jacob et al., 2018](https://arxiv.org/abs/1712.05877)):
#
# | LiteRT | weights | what flows through the network |
# | --- | --- | --- |
# | `litert_float16` | 16 bits | 32 bits |
# | `litert_dynamic` | 8 bits | 8 bits where it pays, range measured while it runs |
# | `litert_int8` | 8 bits | 8 bits everywhere, range fixed at export |

# %% [markdown]
# ### Ranges from representative images
#
# For full int8 every layer's output needs a scale, *before* the model is used. So the converter runs some images through the network, and notes
# the largest numbers. These images have to be **representative**: like those in use. Training images will do, 100 of them.

# %%
representative = np.concatenate([batch for batch, _ in splits.train.take(4)])[:100]
print(representative.shape, f"from {representative.min():.2f} to {representative.max():.2f}")

# %% [markdown]
# What if they are not like those in use? Below, they are divided by 255 once more, a mistake that nobody notices: no error, no warning.
# **Predict** the accuracy.

# %%
dark = deployment.export_model(
    model,
    folder / "dark",
    "litert_int8",
    class_names=splits.class_names,
    representative_images=representative / 255,
)
answers = deployment.predict_in_fresh_process(dark, files).probabilities
print(deployment.compare_predictions(expected, answers, labels))

# %% [markdown]
# The ranges were measured on black pictures, so everything brighter is cut off at the top. An accuracy near 10% is guessing. It is the same
# model, the same size and the same speed: only a measurement on validation images finds it.

# %% [markdown]
# ### Your turn: choose for the phone
#
# A phone runs LiteRT. It has 1.5 bytes of space for each weight of your model, and whoever uses it accepts to lose 3 points of
# accuracy, measured on the validation images. Export both 8-bit formats into `folder` as the dictionary `smaller`, measure, and
# call your choice `chosen`: one artifact.

# %%
space = 1.5 * model.count_params()
accuracy = (expected.argmax(axis=1) == labels).mean()
print(f"space: {space / 1e6:.3f} MB; accuracy: at least {accuracy - 0.03:.1%}")

# %% deletable=false nbgrader={"cell_type": "code", "checksum": "dd5d80e9830d4bce4362ac6fe78adc47", "grade": false, "grade_id": "choice_cell", "locked": false, "schema_version": 3, "solution": true}
# Export both 8-bit formats (`smaller`), measure, choose: `chosen` is the artifact for the phone.
# YOUR CODE HERE
raise NotImplementedError()

# %% [markdown]
# The check weighs what you chose, and asks it.

# %% deletable=false editable=false nbgrader={"cell_type": "code", "checksum": "0edb653be2c608fbc8ce998660479b38", "grade": true, "grade_id": "check_choice", "locked": true, "points": 3, "schema_version": 3, "solution": false}
checks.check_choice(model, chosen, profile)

# %% [markdown]
# ## What it costs
#
# *20 minutes.* Size is one cost. Others are the time to load, the time for an answer (**latency**), and memory. Each artifact gets a fresh process,
# ten calls to warm up, then calls on the clock; one thread, so that numbers compare. **Predict** which is fastest for a single image.

# %%
from IPython.display import display

measured = {**artifacts, **smaller}
if profile.name == "grade":  # a grader does not wait for more starts of TensorFlow
    measured = smaller
costs = deployment.measure_costs(measured, images, labels, repetitions=30)
display(costs)

# %% [markdown]
# Read the columns one by one. The *median* is a typical call, the *95th percentile* one of the slow ones, which users remember.
# A batch of 32 usually takes less than 32 times as long as one image, since calling costs something too. Memory is mostly the software that
# runs the model, not the model.

# %%
deployment.show_costs(costs, caption=splits.caption)

# %% [markdown]
# Good is up and left, and small. Where the discs lie at about the same height, the accuracy is the same as far as so many images can tell.
# Which one would you deliver to a server that handles 32 images at once? Look at that column again before you answer.

# %% [markdown]
# These times belong to this computer and this model. On a phone the order can be another one, because processors differ in what they do well with 8
# bits. And fewer bits need not be faster: the MobileNetV2 from above took longer with the dynamic range than with 32 bits.
# **Measure where it will run.**

# %% [markdown]
# ## Serve it
#
# *15 minutes.* Most models answer over HTTP: a program listens, others send a picture and get classes and probabilities. The course
# has such a service, built with [FastAPI](https://fastapi.tiangolo.com/). Open a terminal (File, New, Terminal), go to the folder of this notebook, and start it with
# an artifact:

# %%
print(f"cd {folder.resolve().parent}")
print(f"course serve {artifacts['litert_float32'].folder}")

# %% [markdown]
# It tells its address. Open that address in a browser with `/docs` behind it: a page that lists what can be asked, and lets you try. Send it one of
# the files in `artifacts/pictures`, then `artifacts/essay.docx`. **Before you do, predict:** what should a service answer to a file that is
# no picture?

# %% [markdown]
# A clear refusal, with a status between 400 and 499: the *request* was wrong, not the service. What comes over a network was made by anybody. So a
# service limits the size of a file, the pixels of a picture and the time for an answer, and listens only to its own computer until
# somebody decides otherwise. Ctrl+C in the terminal ends it.

# %% [markdown]
# ## Use it
#
# *30 minutes.* Give it a picture of your own. The figure shows it as you see it, and as the network sees it: 32 by 32 pixels. **Before each
# picture, predict** what it will say and how sure it will be. Try something that is none of the ten classes, too.

# %%
from helpers import widgets


def classify(pictures):
    return model.predict(pictures, verbose=0)


widgets.picture_classifier(classify, splits)

# %% [markdown]
# ### Strangers
#
# The ten numbers add up to 1, whatever the picture shows. "None of these" is not among them. **Predict:** how sure is the network about
# signs such as an arrow, about noise, about plain grey?

# %%
pictures.show_strangers(classify, splits)

# %% [markdown]
# Each of these answers is wrong, and some are as confident as a right one. A softmax says which of the ten classes fits *best*, not whether any
# fits. A network that never met anything else cannot know.

# %% [markdown]
# ### Can its confidence be believed?
#
# For pictures of the ten classes, confidence can mean something: of all answers given with 80%, about 80% should be right. Then a model is
# **calibrated**. The figure compares, on the validation images. **Predict:** does the network promise too much or too little?

# %%
before = deployment.measure_reliability(expected, labels)
deployment.show_reliability({"as trained": before}, caption=splits.caption)

# %% [markdown]
# Bars below the dashed line: too sure of itself; above: too modest. One number mends most of it, the **temperature**
# ([Guo et al., 2017](https://arxiv.org/abs/1706.04599)). The logarithms of the probabilities are divided by it: above 1 makes the answers less sure. It
# is fitted on validation images, and never changes the top class.

# %%
temperature = deployment.fit_temperature(expected, labels)
calm = deployment.apply_temperature(expected, temperature)
after = deployment.measure_reliability(calm, labels)
print(f"temperature {temperature:.2f}")
deployment.show_reliability({"as trained": before, "with temperature": after}, caption=splits.caption)

# %% [markdown]
# A calibrated network can say "I do not know". Below a **threshold** of confidence it gives no answer. A higher one makes the answers better
# and fewer. It is fitted on the validation images as well: **how many pictures will stay without an answer**, if only half as many of the
# answers as now may be wrong?

# %%
goal = (1 + accuracy) / 2
threshold = deployment.fit_threshold(calm, labels, goal)
deployment.show_threshold(calm, labels, threshold, caption=splits.caption)

# %% [markdown]
# Temperature and threshold were fitted on these very images, so here they look a little better than they are. Now, once, the test images:

# %%
test_images, test_labels = pictures.to_arrays(splits.test)
on_test = deployment.apply_temperature(classify(test_images), temperature)
kept = deployment.apply_threshold(on_test, test_labels, threshold.value)
print(f"{(on_test.argmax(axis=1) == test_labels).mean():.1%} of all test images are right;")
print(f"answered: {kept.coverage:.1%}, and of these answers {kept.accuracy:.1%} are right")

# %% [markdown]
# And the strangers? The threshold was made for pictures of the ten classes. **Predict:** how many of the eight strangers still get an answer?

# %%
def classify_calmly(pictures):
    return deployment.apply_temperature(classify(pictures), temperature)


sure = classify_calmly(pictures.draw_strangers()[0]).max(axis=1)
print("confidence:", [f"{value:.0%}" for value in sure])
print(f"threshold {threshold.value:.0%}: {(sure >= threshold.value).sum()} of {len(sure)} get an answer")

# %% [markdown]
# **Calibration does not find what is none of the ten classes.** It corrects how sure the network is about pictures like those it was fitted on, and
# strangers are not like those. To find them takes other means: examples of them in training, or a model of what a usual input looks like.

# %% [markdown]
# The figure once more, now with temperature and threshold (the dashed line). Give it your pictures from before, and again something that is none of the
# ten. **Is it silent when it should be?**

# %%
widgets.picture_classifier(classify_calmly, splits, threshold=threshold.value)

# %% [markdown]
# ## Watch it
#
# *20 minutes.* A model is fixed on the day it leaves. The world goes on: another camera, a dirty lens, winter. If the pictures change and the
# classes do not, that is a **covariate shift**. Here are three, each growing stronger. **Predict:** from which column on would *you* fail?

# %%
deployment.show_shifted(images[0], caption=splits.caption)

# %% [markdown]
# Now the network. **Predict** which of the three hurts it most, and whether it fails earlier than you.

# %%
shift = deployment.measure_shift(classify_calmly, images[:500], labels[:500], progress=False)
deployment.show_shift(shift, caption=splits.caption)

# %% [markdown]
# Nothing in these programs raised an error. In use there are no labels either, so nobody sees this curve fall. What *can* be seen without labels? The
# next cell compares two numbers that need none.

# %%
for severity in (0, 2, 4):
    sent = deployment.shift_images(images[:500], "noise", severity)
    said = classify_calmly(sent)
    share = np.bincount(said.argmax(axis=1), minlength=10).max() / len(said)
    print(f"noise {severity}: mean confidence {said.max(axis=1).mean():.0%}, most frequent class {share:.0%}")

# %% [markdown]
# Neither is proof of anything: the confidence was calibrated for other pictures. But both can be drawn day by day, and when such a curve bends,
# somebody should look at pictures, and have some of them labelled.

# %% [markdown]
# ## Look back
#
# *15 minutes.* Your model now sorts pictures that strangers send to a website. What do you write down every day, and what would make you act? Name
# one thing that needs no labels, one that does, and what your threshold cannot do for you. (A person may read this; your instructor says
# whether it counts.)

# %% [markdown] deletable=false nbgrader={"cell_type": "markdown", "checksum": "d3edb01defb60efe8bbc5d6ce76686c9", "grade": true, "grade_id": "deployment_question", "locked": false, "points": 0, "schema_version": 3, "solution": true}
# YOUR ANSWER HERE

# %% [markdown]
# ## Hand in
#
# Save the notebook (Ctrl+S, on a Mac Cmd+S). The next cell makes the one file that you hand in, and tells where it is.

# %% tags=["hand-in"]
from helpers.hand_in import hand_in

hand_in("deployment")
