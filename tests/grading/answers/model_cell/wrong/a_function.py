# Misconception: a function that builds the model is the model.
# Findings: not-a-model
# Loses: 5

def model():
    net = keras.Sequential([keras.Input((32, 32, 3)), keras.layers.Flatten()])
    net.add(keras.layers.Dense(10, activation="softmax"))
    return net
