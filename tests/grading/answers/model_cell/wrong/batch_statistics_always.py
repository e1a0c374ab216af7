# Misconception: batch normalization works only if it is told to train.
# Findings: depends-on-batch
# Loses: 1
# One token from: batch_normalization_in_a_class

class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.conv = keras.layers.Conv2D(32, 3, strides=2, use_bias=False)
        self.bn = keras.layers.BatchNormalization()
        self.pool = keras.layers.GlobalAveragePooling2D()
        self.dense = keras.layers.Dense(10, activation="softmax")

    def call(self, x, training=None):
        x = keras.ops.relu(self.bn(self.conv(x), training=True))
        return self.dense(self.pool(x))

model = Net()
