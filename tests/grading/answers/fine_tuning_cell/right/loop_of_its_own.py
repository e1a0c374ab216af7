# A training loop written with TensorFlow.

import tensorflow as tf

densenet.unfreeze_backbone(backbone)
optimizer = keras.optimizers.Adam(1e-4)
loss_of = keras.losses.CategoricalCrossentropy()

@tf.function
def step(x, y):
    with tf.GradientTape() as tape:
        loss = loss_of(y, model(x, training=True))
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))
    return loss

new = {"loss": [], "accuracy": [], "val_loss": [], "val_accuracy": []}
for epoch in range(profile.fine_tune_epochs):
    losses = [float(step(x, y)) for x, y in splits.train]
    new["loss"].append(sum(losses) / len(losses))
    new["accuracy"].append(model.evaluate(splits.train, verbose=0)[1])
    val_loss, val_accuracy = model.evaluate(splits.validation, verbose=0)
    new["val_loss"].append(val_loss)
    new["val_accuracy"].append(val_accuracy)
history = histories.join_histories(frozen_history, new)
