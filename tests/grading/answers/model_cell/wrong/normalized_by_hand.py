# Misconception: batch normalization is "minus the mean of the batch", in inference too.
# Findings: depends-on-batch
# Loses: 1

class MyBatchNorm(keras.layers.Layer):
    def call(self, x):
        mean = keras.ops.mean(x, axis=0, keepdims=True)
        std = keras.ops.std(x, axis=0, keepdims=True)
        return (x - mean) / (std + 1e-3)

model = keras.Sequential([
    keras.Input((32, 32, 3)),
    keras.layers.Conv2D(16, 3, strides=2, activation="relu"),
    keras.layers.GlobalAveragePooling2D(),
    MyBatchNorm(),
    keras.layers.Dense(10, activation="softmax"),
])
