# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Transfer learning: start from what another network knows
#
# You have built a network from nothing. Most people who solve a real problem do not: they take a network that was trained on
# a related task, keep its filters, and replace its last layers. Today you do the same, and test whether it was worth it.
#
# **Time:** plan three hours. Each section says how long it takes.

# %% [markdown]
# ## What you will be able to do
#
# | you can | it is checked by |
# | --- | --- |
# | put a new head on a pretrained backbone, with the preprocessing that the backbone expects | `check_head` |
# | freeze a backbone, and prove that it is frozen | `check_head` |
# | fine-tune without destroying what was learned | `check_fine_tuning` |
# | compare from scratch, frozen and fine-tuned, and say when transfer pays | your answer at the end |

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
# The images are those of the last notebook, ten classes in three parts: training, validation, and a test part that is read
# once. The box tells whether they are CIFAR-10.

# %%
from helpers import data

splits = data.load_splits(profile)
data.banner(splits)

# %% [markdown]
# ## Why transfer?
#
# *15 minutes.* Somebody who plays the piano learns the organ faster than somebody who plays nothing: keys, notes and rhythm are
# there already. A network that was trained on photographs has filters for edges, textures and parts of things. Another task
# with photographs needs them too.

# %% [markdown]
# It pays most when labelled images are **few**: a large network cannot learn good filters from 500 images, but it can learn which
# of its filters matter. And it is a sound habit: start from the model and the recipe that are known to do best on a
# similar problem, then change one thing at a time.

# %% [markdown]
# The honest caveat: CIFAR-10 is *not* small, and its images are much smaller than those on which ImageNet networks were
# trained. Here transfer is shown at work and put to the test. **Predict, and write it down:** with all the training images
# at 32 by 32 pixels, who wins: a small network from scratch, or a frozen one that was trained on ImageNet?

# %% [markdown]
# The next figure answers with numbers that were recorded on the real CIFAR-10. Its backbone is MobileNetV2, a small
# network that was trained on ImageNet. **Find with the controls** what it takes for the frozen network to win.

# %%
from helpers import widgets

widgets.labels_explorer()

# %% [markdown]
# Two things decide: how many labels there are, and how large the images are that the network gets to see. Enlarging a small photograph
# adds no detail, but it brings edges and textures to the size that the filters were trained on.

# %% [markdown]
# With all the labels, look twice: the opponent here is a small network. A larger one that trains longer gets further, as the recorded
# reference of the last notebook shows.

# %% [markdown]
# ### What is reused
#
# A classifier has two parts. The **backbone**, all the convolutions, turns an image into features. The **head** on top turns features into
# class probabilities. The old head knows the old classes, so it is thrown away and replaced. The backbone is
# either *frozen*, kept as it is, or trained further, *fine-tuned*.

# %% [markdown]
# ## Reuse: keep the backbone, replace the head
#
# *15 minutes.* In the profile `full` the backbone is DenseNet201
# ([Huang et al., 2017](https://arxiv.org/abs/1608.06993)), trained on ImageNet. In a dense block each layer gets
# the outputs of *all* layers before it. Smaller profiles may use a small relative with the same block names: the sentence at
# the top says which.

# %%
from helpers import densenet

backbone = densenet.build_backbone(profile)
backbone.trainable = False
print(f"{backbone.count_params():,} parameters; features of one image: {backbone.output_shape[1:]}")

# %% [markdown]
# Setting `trainable = False` on a model freezes every layer inside it. Do not believe it, count: **how many arrays can
# training still change?**

# %%
import keras

print("trainable weight arrays:", len(backbone.trainable_weights))
normalizations = [x for x in backbone.layers if isinstance(x, keras.layers.BatchNormalization)]
print("batch normalization layers:", len(normalizations))

# %% [markdown]
# What is inside? The figure is drawn from the layers of this very backbone. **Predict:** every layer of a dense block adds the same
# number of channels. What keeps the network from growing without end?

# %%
from helpers import inspection

inspection.show_dense_block(backbone)

# %% [markdown]
# The **transitions** between the blocks halve the channels, and height and width too. So the last block sees few places and many
# features: for an image of 32 pixels a single place is left.

# %% [markdown]
# Freezing means two things for a batch normalization layer: its scale and shift stay, *and* it runs in inference mode, so its
# moving averages stay as well. Keep that in mind, it will matter later.

# %% [markdown]
# ### What the backbone expects
#
# *10 minutes.* Filters fit the numbers they were trained on. DenseNet's images were divided by 255, then the mean of ImageNet was
# subtracted and the result divided by its standard deviation, channel by channel. Ours are in [0, 1] already: never
# divide twice. What is missing is the second step.

# %%
preprocessing = densenet.build_preprocessing(profile)
images, labels = next(iter(splits.validation))
fitting = preprocessing(images)
print(f"as loaded: {float(keras.ops.min(images)):.2f} to {float(keras.ops.max(images)):.2f}")
print(f"fitting:   {float(keras.ops.min(fitting)):.2f} to {float(keras.ops.max(fitting)):.2f}")

# %% [markdown]
# It is an ordinary `Normalization` layer with fixed mean and variance. Put *inside* the model, it is saved with
# it, and nobody who uses the model later can forget it. A function for the same thing exists, with a trap. **Predict:** what
# does the array hold after the call?

# %%
import numpy as np

pixels = np.full((1, 1, 1, 3), 255.0)
keras.applications.densenet.preprocess_input(pixels)
print(pixels.ravel().round(2))

# %% [markdown]
# The result was thrown away, and yet the array changed: `preprocess_input` works *in place* on NumPy arrays. Call it twice on the same
# images, and they are wrong. A layer does not have this problem.

# %% [markdown]
# Does it matter? The next cell compares the features of the same images with and without the right preprocessing. If the
# filters did not care, the correlation would be 1.

# %%
right = backbone(preprocessing(images)).numpy().reshape(len(images), -1)
wrong = backbone(images).numpy().reshape(len(images), -1)
each = [np.corrcoef(a, b)[0, 1] for a, b in zip(right, wrong) if a.std() and b.std()]
print(f"correlation of the features, image by image: {np.mean(each):.2f}")

# %% [markdown]
# What are such features good for? The next figure takes a few validation images and looks for the training images whose features are
# most alike: once with the pretrained backbone, once with random weights. **Predict:** which colours, which classes?

# %%
inspection.show_neighbours(backbone, preprocessing, splits)

# %% [markdown]
# Random filters find images that look alike at a glance: the same colours in the same places. Trained filters find more images of the
# same *kind*, although they were trained on another task. That is what a head can build on.

# %% [markdown]
# ### What about larger images?
#
# ImageNet networks were trained at 224 by 224 pixels. A `Resizing` layer in the model can bring ours to that size. What does it cost?
# The next cell builds the backbone once more, for the larger size, and counts the numbers that a flatten would hand to the head.

# %%
large = densenet.build_backbone(profile, input_shape=(224, 224, 3))
for size, network in ((32, backbone), (224, large)):
    shape = network.output_shape[1:]
    print(f"{size} px: {size**2:,} pixels, features {shape}, flattened {np.prod(shape):,}")

# %% [markdown]
# 49 times as many pixels to compute, and 49 times as many numbers behind a flatten. **Predict:** how many times as long does it
# take? The larger network gets a `Resizing` layer in front, so that it takes the same small images.

# %%
import time

enlarging = keras.Sequential([keras.Input((32, 32, 3)), keras.layers.Resizing(224, 224), preprocessing, large])
seconds = {}
for name, network in (("32 px", backbone), ("224 px", enlarging)):
    network.predict(images, verbose=0)  # the first call builds the graph
    start = time.perf_counter()
    network.predict(images, verbose=0)
    seconds[name] = time.perf_counter() - start
print(f"{len(images)} images: {seconds['224 px'] / seconds['32 px']:.0f} times as long at 224 px")

# %% [markdown]
# If it is clearly fewer than 49, the small images did not keep the processor busy: calling layer after layer took the time.
#
# And what does it bring? Below is the figure from the beginning again, at 224 pixels. **Predict:** does the step from 96 to 224 bring as much as
# the one from 32 to 96?

# %%
widgets.labels_explorer(pixels=224)

# %% [markdown]
# From 32 to 96 pixels there are 9 times as many pixels to compute, from there to 224 once more 5 times as many. The second step brings less than the
# first: enlarging adds no detail that the photograph did not have.

# %% [markdown]
# Behind a feature map of that size one *pools* instead of flattening: global average pooling keeps one number a channel. And one resizes batch by
# batch, in the model or in the pipeline. All images at once would not fit into memory: 60,000 of them take 36 GB.

# %% [markdown]
# Use a layer for it, not `Lambda`. A `Lambda` holds a piece of Python, and a saved model should not run strangers' Python. See what
# happens when such a model is loaded again:

# %%
import tempfile
from pathlib import Path

squared = keras.Sequential([keras.Input((4,)), keras.layers.Lambda(lambda x: x**2)])
path = Path(tempfile.mkdtemp()) / "squared.keras"
squared.save(path)
try:
    keras.models.load_model(path)
except Exception as error:
    print(type(error).__name__, "-", str(error).splitlines()[0][:150])

# %% [markdown]
# ## Your turn: the head
#
# *40 minutes.* Define three things. `frozen`: from images to features, with preprocessing, the frozen `backbone`, and flatten or pooling.
# `head`: from features to ten probabilities. And `model`, both together, compiled with Adam, categorical cross-entropy and
# accuracy, as before.

# %% [markdown]
# The course's own head is: batch normalization, dense 256 with ReLU, batch normalization, dense 10 with softmax, behind a flatten.
# Choose pooling instead, add dropout, or leave something out, if you have a reason; you will be asked for it.

# %% nbgrader={"grade": false, "grade_id": "head_cell", "locked": false, "schema_version": 3, "solution": true}
# Define `frozen` (images to features), `head` (features to probabilities), and `model`; compile `model`.
### BEGIN SOLUTION
frozen = keras.Sequential(
    [
        keras.Input((32, 32, 3)),
        densenet.build_preprocessing(profile),
        backbone,
        keras.layers.Flatten(),
    ]
)
head = keras.Sequential(
    [
        keras.Input(frozen.output_shape[1:]),
        keras.layers.BatchNormalization(),
        keras.layers.Dense(256, activation="relu"),
        keras.layers.BatchNormalization(),
        keras.layers.Dropout(0.3),
        keras.layers.Dense(10, activation="softmax"),
    ]
)
model = keras.Sequential([keras.Input((32, 32, 3)), frozen, head])
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
### END SOLUTION

# %% [markdown]
# The check looks at what your model does: what reaches the backbone, what a training step changes and what it leaves alone. It works
# on a copy.

# %% nbgrader={"grade": true, "grade_id": "check_head", "locked": true, "points": 6, "schema_version": 3, "solution": false}
from helpers import checks

checks.check_head(model, profile)

# %% [markdown]
# ### Features once
#
# The usual way from here is `model.fit` on the images. But the frozen part gives the *same* features for the same image in each epoch, and
# nearly all of the time goes into it. So compute them once, and train the head on them.

# %%
from helpers.features import extract_features

start = time.perf_counter()
features = extract_features(frozen, splits)
once = time.perf_counter() - start
print(features)

# %% [markdown]
# The head is a part of `model`: both hold the same weights. So training `head` on the features trains `model`. **Predict:** how long
# does an epoch take now, compared with the pass that you just waited for?

# %%
from helpers.live import LiveCurve

head.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
start = time.perf_counter()
frozen_history = head.fit(
    features.train,
    validation_data=features.validation,
    epochs=profile.head_epochs,
    callbacks=[LiveCurve(splits.caption)],
    verbose=0,
)
an_epoch = (time.perf_counter() - start) / profile.head_epochs

# %% [markdown]
# Do head and model really say the same? And what was saved? Each epoch through the frozen part would have cost at least the pass
# that was needed once.

# %%
on_features = head.evaluate(features.validation, verbose=0)
on_images = model.evaluate(splits.validation, verbose=0)
print(f"validation loss of the head on features {on_features[0]:.4f}, of the model on images {on_images[0]:.4f}")
print(f"an epoch on features: {an_epoch:.1f} s; through the frozen part it adds {once:.1f} s")

# %% [markdown]
# **When is this right?** As long as the part below is frozen, and an image is the same in each epoch. With random augmentation in front
# of the backbone there is a new image every time, and nothing to keep; and as soon as the backbone is trained, its old features are wrong.

# %% [markdown]
# **Before you look:** will this be better or worse than your own network from the last notebook?

# %%
from helpers import history as histories

histories.plot_history(
    frozen_history, title="Frozen backbone: how far does the head get?", caption=splits.caption
)

# %% [markdown]
# Compare with what you predicted. If the curves are lower than those of your own network from the last notebook, you have met the
# caveat: filters for large photographs see little in images of 32 by 32 pixels.

# %% [markdown]
# ## Fine-tuning, and three ways to do it wrong
#
# *30 minutes.* The head fits now. **Fine-tuning** goes on with the backbone unfrozen, in small steps. Three mistakes are common,
# none of them raises an error, and each of the next three sections shows one.

# %% [markdown]
# ### Unfreezing needs a new compile
#
# `compile` remembers which weights to train. Below, a tiny model is compiled while its layer is frozen; then the layer
# is unfrozen, and the model is trained further. **Predict:** has the weight changed? And after compiling again?

# %%
first = keras.layers.Dense(1, use_bias=False, kernel_initializer="ones")
tiny = keras.Sequential([keras.Input((4,)), first, keras.layers.Dense(1, kernel_initializer="ones")])
first.trainable = False
tiny.compile("sgd", "mse")
x, y = np.ones((8, 4), "float32"), np.ones((8, 1), "float32")
_ = tiny.fit(x, y, verbose=0)

# %% [markdown]
# The model is compiled, with the layer frozen. Now the layer is unfrozen, and the model trained twice: first as it is, then
# compiled again.

# %%
first.trainable = True
for compiled in ("not compiled again", "compiled again"):
    if compiled == "compiled again":
        tiny.compile("sgd", "mse")
    before = first.kernel.numpy()
    tiny.fit(x, y, verbose=0)
    print(f"{compiled}: changed by {np.abs(first.kernel.numpy() - before).max():.4f}")

# %% [markdown]
# Without a new `compile` the training step was the old one, and nobody said so. **Whenever you change `trainable`, compile.**

# %% [markdown]
# ### Batch normalization has to hold still
#
# The pretrained weights fit the pretrained moving averages. Unfreeze a backbone with `trainable = True`, and its batch normalization
# starts to follow your batches. Many texts say that calling the backbone with `training=False` prevents it. **Try it:**

# %%
inner = keras.Sequential([keras.Input((4,)), keras.layers.BatchNormalization()])
inputs = keras.Input((4,))
outer = keras.Model(inputs, keras.layers.Dense(1)(inner(inputs, training=False)))
inner.trainable = True
outer.compile("sgd", "mse")
before = inner.layers[0].moving_mean.numpy()
outer.fit(x, y, verbose=0)
print("moving mean changed by", np.abs(inner.layers[0].moving_mean.numpy() - before).max().round(4))

# %% [markdown]
# If that is not zero, your version of Keras is like the one this course was tested with
# ([keras issue 20285](https://github.com/keras-team/keras/issues/20285)): `training=False` does not hold
# an unfrozen layer still. What does: `trainable = False` on the batch normalization layers themselves, *after* the backbone was unfrozen.

# %%
inner.layers[0].trainable = False
outer.compile("sgd", "mse")
before = inner.layers[0].moving_mean.numpy()
outer.fit(x, y, verbose=0)
print("moving mean changed by", np.abs(inner.layers[0].moving_mean.numpy() - before).max())

# %% [markdown]
# Many texts still recommend it, and with Keras 2 it worked. **Hold the layers themselves still, and check that they are.**

# %% [markdown]
# ### A learning rate that fits
#
# Adam's default learning rate is 0.001, and Adam moves every weight by about the learning rate in each step, whatever the
# size of the gradient. For pretrained weights that is a lot: look how large they are, and how many steps an epoch has.

# %%
kernels = [w for w in backbone.weights if w.path.endswith("conv/kernel")]
typical = np.median([np.abs(w.numpy()).mean() for w in kernels])
steps = len(splits.train)
for rate in (1e-3, 1e-4, 1e-5):
    print(f"rate {rate:g}: up to {rate * steps:.4f} in an epoch of {steps} steps; typical weight {typical:.4f}")

# %% [markdown]
# A weight that may move by more than its own size in one epoch can lose all that it knew. Use 1e-5 to 1e-4 for fine-tuning.
#
# Below are six ways to spend 500 labels, recorded on the real CIFAR-10. **Predict** their order before you look.

# %%
from helpers import transfer

transfer.show_ways()

# %% [markdown]
# Fine-tuning adds to the frozen network what its filters lacked for these images, if it is done gently. A learning rate of 0.001, Adam's
# default, throws away what was reused: compare it with training from scratch.

# %% [markdown]
# ### How much to unfreeze?
#
# Everything, or only the upper blocks? The lower ones hold edges and colours, which every task needs; the upper ones are closest to the old
# classes. **Predict** what the boundary changes: parameters, time, memory. Then move it.

# %%
widgets.freezing_explorer(profile)

# %% [markdown]
# A lower boundary trains more and costs more, because gradients have to travel further down. `densenet.unfreeze_backbone(backbone,
# from_block="conv5")` unfreezes from a block on, with batch normalization held still.

# %% [markdown]
# ## Your turn: fine-tuning
#
# *25 minutes.* Unfreeze `backbone`, whole or from a block on, hold its batch normalization layers still, compile `model` with a
# learning rate that fits, and train it on the images for `profile.fine_tune_epochs` more epochs. Join both runs into one `history` with
# `histories.join_histories`.

# %% [markdown]
# The first step takes long: the whole network is translated into a graph for training. `densenet.note_first_step()` among the callbacks
# says so while you wait. For the figure of the weights, the next cell remembers where they are now.

# %%
backbone_before = backbone.get_weights()

# %% nbgrader={"grade": false, "grade_id": "fine_tuning_cell", "locked": false, "schema_version": 3, "solution": true}
# Unfreeze, compile, fit; then join `frozen_history` and the new one into `history`.
### BEGIN SOLUTION
backbone.trainable = True
for layer in backbone.layers:
    if isinstance(layer, keras.layers.BatchNormalization):
        layer.trainable = False
model.compile(
    optimizer=keras.optimizers.Adam(1e-4), loss="categorical_crossentropy", metrics=["accuracy"]
)
fine_tuned_history = model.fit(
    splits.train,
    validation_data=splits.validation,
    epochs=profile.fine_tune_epochs,
    callbacks=[densenet.note_first_step(), LiveCurve(splits.caption)],
    verbose=0,
)
history = histories.join_histories(frozen_history, fine_tuned_history)
### END SOLUTION

# %% [markdown]
# The check compares your backbone with the one it started from: it should have moved, not far, and with every moving average where it
# was. If you have to try again, start from the cell that builds the backbone.

# %% nbgrader={"grade": true, "grade_id": "check_fine_tuning", "locked": true, "points": 7, "schema_version": 3, "solution": false}
checks.check_fine_tuning(model, history, profile)

# %% [markdown]
# One figure for both phases. **Predict** what the curve does just behind the dotted line.

# %%
histories.plot_history(history, title="What did fine-tuning add?", caption=splits.caption)

# %% [markdown]
# Left of the dotted line only the head was trained, right of it the whole network. If the training curve dips just behind the line,
# that is no accident: the optimizer starts anew, without its memory.
#
# Which weights moved? **Predict:** the lower blocks or the upper ones?

# %%
inspection.show_moved_weights(backbone, backbone_before, caption=splits.caption)

# %% [markdown]
# All bars are short: a gentle fine-tuning changes weights by a few per cent of their size, and that is enough. A bar of zero is a block that
# stayed frozen. A long one would mean that the old knowledge is gone.

# %% [markdown]
# ## Three ways compared
#
# *15 minutes.* What is missing is the opponent: a small network from scratch, with the same images. (Its epochs are shorter: look at
# the seconds, too.)

# %%
scratch = keras.Sequential(
    [
        keras.Input((32, 32, 3)),
        keras.layers.Conv2D(32, 5, strides=2, activation="relu"),
        keras.layers.Conv2D(64, 3, strides=2, activation="relu"),
        keras.layers.Flatten(),
        keras.layers.Dense(10, activation="softmax"),
    ]
)
scratch.compile("adam", "categorical_crossentropy", metrics=["accuracy"])

# %% [markdown]
# It gets the epochs that the profile has for a network from scratch, and its history a name of its own.

# %%
scratch_history = scratch.fit(
    splits.train,
    validation_data=splits.validation,
    epochs=profile.scratch_epochs,
    callbacks=[LiveCurve(splits.caption)],
    verbose=0,
)

# %% [markdown]
# All three ways in one figure, by what counts for choosing: the accuracy on the validation images. The dotted line parts
# frozen from fine-tuned.

# %%
histories.compare_histories(
    {"from scratch": scratch_history, "frozen, then fine-tuned": history},
    title="Which way wins on these images?",
    caption=splits.caption,
)

# %% [markdown]
# Be careful with the verdict. One run each is one draw from a lottery, the three ways took different time, and the answer
# depends on image size and on the number of labels. With few labels or larger images the same comparison can turn round.

# %% [markdown]
# Choose the way that you would deliver, by its *validation* curve. Then, once, the test images:

# %%
loss, accuracy = model.evaluate(splits.test, verbose=0)
print(f"fine-tuned: {accuracy:.1%} of {splits.sizes['test']:,} test images of {splits.dataset}")

# %% [markdown]
# ## Look back
#
# *10 minutes.* Which head did you choose, and why: flatten or pooling, which regularization? A friend has 300 labelled photographs of
# mushrooms, 200 by 200 pixels. What do you advise, and what would make you change your mind? (A person may read this; your
# instructor says whether it counts.)

# %% [markdown] nbgrader={"grade": true, "grade_id": "transfer_question", "locked": false, "points": 0, "schema_version": 3, "solution": true}
# ### BEGIN SOLUTION
# I kept the flatten, because at 32 pixels the feature map is one pixel wide and pooling would change nothing, and added dropout
# since the head has far more weights than the images can fix. For the mushrooms: a pretrained backbone, frozen, with global average
# pooling and a small head, at 200 pixels or more, since few labels and large images are where transfer wins. I would
# fine-tune the last block only if the validation curve of the frozen model is high and still close to the training curve. I would
# change my mind if a small network from scratch did as well on the validation images.
#
# **Rubric.** Full marks: a choice with a reason that fits the shapes or the curves, advice that uses *both* few labels and image size, and
# an observation that would change it. Half: right advice without reasons. None: "DenseNet is better".
# ### END SOLUTION

# %% [markdown]
# ## Hand in
#
# Save the notebook (Ctrl+S, on a Mac Cmd+S). The next cell makes the one file that you hand in, and tells where it is.

# %% tags=["hand-in"]
from helpers.hand_in import hand_in

hand_in("transfer_learning")
