# Misconception: layers may be made whenever they are used; each call would begin with new weights.
# Findings: not-a-model
# Loses: 5

class Net(keras.Model):
    def call(self, x):
        x = keras.layers.Conv2D(8, 3, strides=4, activation="relu")(x)
        x = keras.layers.Flatten()(x)
        return keras.layers.Dense(10, activation="softmax")(x)

model = Net()
