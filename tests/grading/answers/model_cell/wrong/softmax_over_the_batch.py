# Misconception: softmax goes along the first axis.
# Findings: no-softmax, depends-on-batch
# Loses: 2
# One token from: softmax_over_classes

from keras import ops

inputs = keras.Input((32, 32, 3))
x = keras.layers.Conv2D(32, 5, strides=2, activation="relu")(inputs)
x = keras.layers.Dropout(0.2)(keras.layers.GlobalAveragePooling2D()(x))
scores = keras.layers.Dense(10)(x)
model = keras.Model(inputs, ops.softmax(scores, axis=0))
