# `tf.nn` functions as activations, and through `tf.keras`.

import tensorflow as tf

model = tf.keras.Sequential([
    tf.keras.layers.Input((32, 32, 3)),
    tf.keras.layers.Conv2D(16, 3, activation=tf.nn.relu),
    tf.keras.layers.MaxPool2D(4),
    tf.keras.layers.Conv2D(32, 3, activation=tf.nn.swish),
    tf.keras.layers.Dropout(rate=0.2),
    tf.keras.layers.Flatten(),
    tf.keras.layers.Dense(units=10, activation=tf.nn.softmax),
])
