# Misconception: dropout is an operation like any other; nobody tells it when to stop.
# Findings: random-in-inference
# Loses: 1

class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.conv = keras.layers.Conv2D(32, 3, strides=2, activation="relu")
        self.dense = keras.layers.Dense(10, activation="softmax")

    def call(self, x):
        x = keras.ops.mean(self.conv(x), axis=(1, 2))
        x = keras.random.dropout(x, 0.3)
        return self.dense(x)

model = Net()
