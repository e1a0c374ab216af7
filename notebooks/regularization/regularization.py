# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Regularization: your first network from start to finish
#
# Until now somebody else chose the network, and you wrote the missing line. Today nobody chooses for you.
# You will load the images, design a network, train it, read its curves, and decide what to change.
#
# **Time:** plan three hours, half of them for your own model. Each section says how long it takes.

# %% [markdown]
# ## What you will be able to do
#
# | you can | it is checked by |
# | --- | --- |
# | design a network that classifies small colour images, and say why it looks that way | `check_model`, and your worksheet |
# | use dropout and batch normalization, and say what each does in training and in inference | `check_model`, and the short questions |
# | train it without losing what was recorded, on images that were kept apart | `check_training` |
# | read two curves, and tell underfitting from overfitting | your answer at the end |

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
# How much data and how many epochs you work with depends on the **profile**. `full` is the course as it was designed,
# `quick` fits a laptop, `grade` is what the grader uses. The next cell says which one you have, and how to change it.

# %%
from helpers import profiles

profile = profiles.current(pinned="quick")
print(profile)

# %% [markdown]
# ## Five questions before you build
#
# *10 minutes.* A network is a row of decisions. Five of them stand at the beginning of every project like this one:
#
# 1. Which convolution filters: how many, and how large?
# 2. How deep?
# 3. Which activation?
# 4. Which optimizer?
# 5. Which extra regularization, if any?

# %% [markdown]
# Nobody can answer them by thought alone. What helps is a first answer that is good enough, a training run that
# shows what is wrong with it, and the ability to read that run. **Write your first guesses into the worksheet now**
# (double-click it). You will come back to it.

# %% [markdown] deletable=false nbgrader={"cell_type": "markdown", "checksum": "959f8ab29b69e48aa86454da001b09c8", "grade": true, "grade_id": "worksheet", "locked": false, "points": 0, "schema_version": 3, "solution": true}
# **My worksheet.** Below each question: first guess now; after training, what the curves said about it.
#
# **1. Which convolution filters: how many, and how large?**
#
# YOUR ANSWER HERE
#
# **2. How deep?**
#
# YOUR ANSWER HERE
#
# **3. Which activation?**
#
# YOUR ANSWER HERE
#
# **4. Which optimizer?**
#
# YOUR ANSWER HERE
#
# **5. Which extra regularization, if any?**
#
# YOUR ANSWER HERE

# %% [markdown]
# ## The images
#
# *10 minutes.* Ten classes, 32 by 32 pixels, three colours. The images are split three ways: **training** images teach the
# network, **validation** images tell you how to change it, **test** images are looked at once, at the very end.

# %%
from helpers import data

splits = data.load_splits(profile)
data.banner(splits)

# %% [markdown]
# The box says what you are looking at. If it does not say CIFAR-10, these are drawings that need no download: good for
# seeing how things work, not for comparing numbers with anyone.

# %%
data.show_examples(splits)

# %% [markdown]
# Some of these you would get wrong yourself. Keep that in mind when you judge a network.
#
# Now look at what one batch holds. **Before you run the cell:** which shape will the labels have?

# %%
images, labels = next(iter(splits.train))
print("images", images.shape, images.dtype, "from", float(images.numpy().min()), "to", float(images.numpy().max()))
print("labels", labels.shape, "the first one:", labels[0].numpy())

# %% [markdown]
# The pixels were divided by 255 when the images were loaded; do not divide again. A label is a row of ten numbers, nine
# zeros and a one (*one-hot*). That form fits a network whose last layer gives ten probabilities.

# %% [markdown]
# `load_splits` hides a pipeline, and its order matters: cache what was decoded, shuffle the *whole* training set anew
# in each epoch, make batches of 32, convert them, augment, and prefetch last, so that the next batch is ready while
# the network works on this one.

# %% [markdown]
# ## Two ways to fail
#
# *25 minutes.* A network that is too weak, or was trained too briefly, does badly on images it has seen *and* on new
# ones: it **underfits**. A network that learned its training images by heart does well on those and badly on new ones: it
# **overfits**.

# %% [markdown]
# You cannot see this in one curve, only in two: training and validation. Underfitting: both are bad, close together.
# Overfitting: training goes on improving, validation stops or gets worse, and the distance between them grows.

# %% [markdown]
# The next figure shows training runs that were recorded on the real CIFAR-10. **Find with the controls:** a run that
# underfits, one that overfits, and one that does neither. What did you have to change to get from one to the other?

# %%
from helpers import widgets

widgets.overfitting_explorer()

# %% [markdown]
# More images and a smaller network both bring the curves together, but only more images do it without lowering them. Now switch
# on **random labels**: there is nothing to understand, and a large enough network learns them by heart all the same
# ([Zhang et al., 2017](https://arxiv.org/abs/1611.03530)). A high training accuracy proves nothing.

# %%
from helpers import questions

questions.ask("which-curve")

# %% [markdown]
# Recorded runs are somebody else's. Now make one that overfits yourself. **Predict:** what happens if a network may look at only
# 256 images, again and again?

# %%
import keras

few = splits.train.take(8).cache()  # 8 batches of 32 images
memorizer = keras.Sequential(
    [
        keras.Input((32, 32, 3)),
        keras.layers.Conv2D(32, 3, activation="relu"),
        keras.layers.MaxPooling2D(),
        keras.layers.Flatten(),
        keras.layers.Dense(128, activation="relu"),
        keras.layers.Dense(10, activation="softmax"),
    ]
)

# %% [markdown]
# `fit` returns a `History`. Whoever does not keep it has nothing to draw afterwards, so it gets a name. The number of
# epochs comes from the profile; here we take it three times, to give the network every chance to learn by heart.

# %%
memorizer.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
memorized = memorizer.fit(
    few, validation_data=splits.validation, epochs=3 * profile.scratch_epochs, verbose=0
)

# %% [markdown]
# The history has one number an epoch for each measure. Drawn, it is two curves. **Predict** where each of them ends.

# %%
from helpers import history as histories

histories.plot_history(
    memorized, title="Does it learn the images, or learn them by heart?", caption=splits.caption
)

# %% [markdown]
# Read the two curves. The distance between them is what the network knows about these 256 images and about no others:
# memory, not skill. The next cell puts a number on it.

# %%
last = {name: values[-1] for name, values in memorized.history.items()}
print(f"training {last['accuracy']:.0%}, validation {last['val_accuracy']:.0%}")
print(f"distance {100 * (last['accuracy'] - last['val_accuracy']):.0f} points")

# %% [markdown]
# What can you do against overfitting? The first remedy costs nothing: **make the network simpler**. Fewer layers, fewer
# filters, no wide dense layer behind a flatten. More images are the best remedy, and usually the most expensive one. All
# others are called *regularization*.

# %% [markdown]
# ## Three regularizers
#
# *40 minutes.* The first one you know from the module before: **data augmentation**. Shift, flip or turn an image at random
# whenever it is shown; its class stays the same, and the network never sees quite the same image twice.

# %% [markdown]
# Augmentation may be a layer of the model. Such a layer works in training and does nothing in inference. **Predict** what
# the two lines below print, then run them.

# %%
flip = keras.layers.RandomFlip("horizontal", seed=1)
print("changed in training: ", bool((flip(images, training=True) != images).numpy().any()))
print("changed in inference:", bool((flip(images, training=False) != images).numpy().any()))

# %% [markdown]
# ### Dropout
#
# In each training step, **dropout** sets each unit of a layer to zero with probability `rate`. The rate is a
# *hyperparameter*: you choose it, training does not. It was proposed by
# [Srivastava et al. (2014)](https://jmlr.org/papers/v15/srivastava14a.html).
#
# **Predict:** ten units, each 1.0, rate 0.4. What comes out?

# %%
import numpy as np

ones = np.ones((1, 10), dtype="float32")
dropout = keras.layers.Dropout(0.4, seed=3)
print("training: ", dropout(ones, training=True).numpy().round(2))
print("inference:", dropout(ones, training=False).numpy())

# %% [markdown]
# Some units are gone, and the survivors have grown: Keras multiplies them by `1 / (1 - rate)`. So the expected sum stays the
# same, and in inference nothing has to be done. **Predict:** the mean of a million units, before and after?

# %%
many = np.random.default_rng(0).random((1, 1_000_000), dtype="float32")
print(f"mean before {many.mean():.3f}, after {dropout(many, training=True).numpy().mean():.3f}")

# %% [markdown]
# Now move the rate yourself, and draw new masks. **Before you do:** at which rate is the mean after dropout most
# uncertain from one mask to the next?

# %%
widgets.dropout_explorer(rate=0.5)

# %% [markdown]
# The higher the rate, the fewer survivors carry the sum, and the more the mean jumps about its place; averaged over many masks it
# stays where it was. Switch to inference: no unit is missing, and nothing has to be scaled.

# %%
questions.ask("dropout-in-inference")

# %% [markdown]
# Why does it help? A unit cannot rely on one particular neighbour any more, since that one may be missing: units cannot
# *co-adapt*. A second way to see it: each step trains another thinned network, and inference with all units approximates
# the average of all of them. That view is an approximation, not a theorem.

# %% [markdown]
# ### Batch normalization
#
# **Batch normalization** ([Ioffe & Szegedy, 2015](https://arxiv.org/abs/1502.03167)) takes each channel of a batch, subtracts
# its mean, divides by its standard deviation, and then scales and shifts the result with two learned vectors,
# `gamma` and `beta`. Answer first, then run the cell below it.

# %%
questions.ask("batch-normalization-numbers")

# %% [markdown]
# The layer itself tells which vectors it holds, here for 8 channels, and how each of them changes.

# %%
normalization = keras.layers.BatchNormalization()
normalization.build((None, 8))
for weight in normalization.weights:
    kind = "trained by gradients" if weight.trainable else "moving average"
    print(f"{weight.name:16} {weight.shape}  {kind}")

# %% [markdown]
# Four vectors, and only two of them are learned. The other two are **moving averages** of the batches' means and variances.
# In training the layer uses the statistics of the *batch*, in inference the *moving averages*: a single image has no batch.

# %%
shifted = np.random.default_rng(0).normal(5, 3, (256, 8)).astype("float32")
in_training = normalization(shifted, training=True).numpy()
in_inference = normalization(shifted, training=False).numpy()
print(f"training:  mean {in_training.mean():6.2f}, deviation {in_training.std():.2f}")
print(f"inference: mean {in_inference.mean():6.2f}, deviation {in_inference.std():.2f}")

# %% [markdown]
# Same layer, same numbers, two answers. After one step the moving averages have hardly moved away from their
# start, 0 and 1. They **lag behind**, so a network can look bad on the validation images at first. `momentum` says how slowly they
# follow: Keras's 0.99 takes some hundred batches, 0.9 some ten.

# %% [markdown]
# What does the layer do for a whole network? **Before you move anything:** in which layer do the two networks differ most?

# %%
widgets.batch_normalization_explorer()

# %% [markdown]
# Without it the numbers change their size from layer to layer; with it each layer gets numbers of the size that `gamma` and `beta`
# say. Make the batch small: its mean scatters widely around the moving average, so the answer for an image depends on its
# neighbours in the batch.

# %% [markdown]
# Why does it help? *Covariate shift* means that training and test data come from different distributions. The authors'
# motive was an *internal* one: each layer's input shifts while the layers before it learn. That explanation is disputed:
# [Santurkar et al. (2018)](https://arxiv.org/abs/1805.11604) added such shifts on purpose, and training still went well.

# %% [markdown]
# Where does it go? Usually between convolution and activation. Then the convolution's bias is redundant, because the mean
# is subtracted anyway: `use_bias=False`. In the next notebook you will meet it *after* the activation as well. Both are seen;
# the second normalizes what the next layer really gets.

# %% [markdown]
# ### What the last layer says
#
# The loss of this course is categorical cross-entropy: minus the logarithm of the probability that the network gave to the right
# class. So the last layer has to say ten *probabilities*. `softmax` makes them from any ten numbers.

# %%
scores = np.array([[2.0, 1.0, -1.0]])
probabilities = keras.ops.softmax(scores).numpy()
print("scores       ", scores[0], "add up to", scores.sum())
print("probabilities", probabilities[0].round(2), "add up to", probabilities.sum().round(2))

# %%
questions.ask("softmax-twice")

# %% [markdown]
# ## Your turn: the model
#
# *60 minutes.* Look at your worksheet, then define `model`: any architecture, from `(32, 32, 3)` to ten probabilities. Start small. Use
# any of the regularizers, or none, but know why. Only the marked cell is graded, so put all that the model needs into it.

# %% deletable=false nbgrader={"cell_type": "code", "checksum": "8a2642a7cf9f3436f3fdcb2de6249202", "grade": false, "grade_id": "model_cell", "locked": false, "schema_version": 3, "solution": true}
# Define `model`, a Keras model from images of shape (32, 32, 3) to 10 probabilities.
# YOUR CODE HERE
raise NotImplementedError()

# %% [markdown]
# The check tries your model out: what it does counts, not what it looks like. It works on a copy, so your
# model stays as it is. Run it as often as you like.

# %% deletable=false editable=false nbgrader={"cell_type": "code", "checksum": "69938bc64cc1ce02f96e957a26f9d304", "grade": true, "grade_id": "check_model", "locked": true, "points": 5, "schema_version": 3, "solution": false}
from helpers import checks

checks.check_model(model, profile)

# %% [markdown]
# ## Your turn: train it
#
# *15 minutes, most of them waiting.* Compile `model` with the optimizer Adam, the loss categorical cross-entropy, and the metric accuracy. Fit it on `splits.train`
# for `profile.scratch_epochs` epochs with `splits.validation` as validation data, and keep what `fit` returns in `history`.

# %% [markdown]
# To see the curves grow, hand `fit` the arguments `callbacks=[LiveCurve(splits.caption)]` and `verbose=0`. **Stop** ends the training early
# and keeps the model and its history, and so does the square button of the notebook (*Interrupt the kernel*).

# %%
from helpers.live import LiveCurve

# %% deletable=false nbgrader={"cell_type": "code", "checksum": "24e728bb55a80572f58b595b3bc44036", "grade": false, "grade_id": "training_cell", "locked": false, "schema_version": 3, "solution": true}
# Compile and fit `model`; keep the result in `history`.
# YOUR CODE HERE
raise NotImplementedError()

# %% [markdown]
# This check looks at the trained model itself, and whether the history can be the one of this model. (If you
# train a second time, build the model again first: `fit` goes on where it stopped.)

# %% deletable=false editable=false nbgrader={"cell_type": "code", "checksum": "60934967558d4fc9b21a5a7e55cf7a78", "grade": true, "grade_id": "check_training", "locked": true, "points": 5, "schema_version": 3, "solution": false}
checks.check_training(model, history, profile)

# %% [markdown]
# ## Read your curves
#
# *10 minutes.* **Before you look:** do you expect a large distance between the curves, or a small one? Which part of your
# model makes you think so?

# %%
histories.plot_history(history, "accuracy", title="Accuracy: how far apart?", caption=splits.caption)

# %% [markdown]
# Two curves close together and still rising: train longer, or make the network stronger. A growing distance:
# simplify, or regularize more. Validation *above* training is no mistake: dropout and augmentation make the training images
# harder, and validation runs without them.

# %%
histories.plot_history(history, "loss", title="Loss: where does it turn?", caption=splits.caption)

# %% [markdown]
# The loss shows overfitting earlier than the accuracy. A network that is sure of its wrong answers pays for it in the loss,
# even while the number of right answers stays the same. If the dashed curve turns upwards, that is the epoch to look at.

# %% [markdown]
# Is that good? Compare with three networks that others trained on the same kind of images: one too small, one without regularization,
# and one that is regularized. The legend tells what each of them costs.

# %%
from helpers import references

references.compare_with_references(history, model, splits)

# %% [markdown]
# Being close to the best of them with fewer parameters is worth more than being a point above it. And where does your network
# err? **Predict** which two classes it confuses most, then look.

# %%
from helpers import mistakes

mistakes.show_mistakes(model, splits)

# %% [markdown]
# A row is what an image really shows, a column what the network says. Look at the confident mistakes: would you have known?
# Some call for more images of one class, some for augmentation, and some for nothing, because the picture does not tell.

# %% [markdown]
# Change one thing, go back to the marked cell, and try again. Compare by the **validation** curves only. When you are
# done with choosing, run the next cell: the test images, once. Whoever chooses by them has no honest number left.

# %%
loss, accuracy = model.evaluate(splits.test, verbose=0)
print(f"{accuracy:.1%} of {splits.sizes['test']:,} test images of {splits.dataset}")

# %% [markdown]
# ## Look back
#
# *15 minutes.* Go back to your worksheet and write below each guess what the curves said about it. Then choose two of the five
# questions: what was your guess, what did *both* curves show, and what would you try next, and why? A few
# sentences are enough. (A person may read this; your instructor says whether it counts.)

# %% [markdown] deletable=false nbgrader={"cell_type": "markdown", "checksum": "76cc03fefe5442ede0c459f3e1134d8f", "grade": true, "grade_id": "design_question", "locked": false, "points": 0, "schema_version": 3, "solution": true}
# YOUR ANSWER HERE

# %% [markdown]
# ## Hand in
#
# Save the notebook (Ctrl+S, on a Mac Cmd+S). The next cell makes the one file that you hand in, and tells where it is.

# %% tags=["hand-in"]
from helpers.hand_in import hand_in

hand_in("regularization")
