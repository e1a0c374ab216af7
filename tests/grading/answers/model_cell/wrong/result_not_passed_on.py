# Misconception: a layer that is called has its effect; its result went into another name.
# Findings: no-gradient
# Loses: 1

class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.conv1 = keras.layers.Conv2D(16, 3, strides=2, activation="relu")
        self.conv2 = keras.layers.Conv2D(16, 3, strides=2, activation="relu")
        self.flat = keras.layers.Flatten()
        self.dense = keras.layers.Dense(10, activation="softmax")

    def call(self, images):
        x = self.conv1(images)
        y = self.conv2(x)
        return self.dense(self.flat(x))

model = Net()
