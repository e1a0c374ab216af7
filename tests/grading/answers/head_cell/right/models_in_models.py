# A model around a model around the backbone, and TensorFlow's name for Keras.

import tensorflow as tf

base = tf.keras.Sequential([tf.keras.Input((32, 32, 3)), backbone], name="base")
prepared = tf.keras.Sequential([tf.keras.Input((32, 32, 3)), densenet.build_preprocessing(profile), base])
model = tf.keras.Sequential([
    prepared,
    tf.keras.layers.Flatten(),
    tf.keras.layers.Dense(100, activation=tf.nn.relu),
    tf.keras.layers.Dense(10, activation=tf.nn.softmax),
])
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
