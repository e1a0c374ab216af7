# Misconception: pooling and softmax alone are a network; there is nothing that could learn.
# Findings: nothing-to-train, does-not-learn
# Loses: 2

inputs = keras.Input((32, 32, 3))
x = keras.layers.AveragePooling2D(16)(inputs)
x = keras.layers.Flatten()(x)
model = keras.Model(inputs, keras.ops.softmax(x[:, :10]))
