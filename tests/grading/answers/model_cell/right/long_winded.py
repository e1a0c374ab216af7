# Every layer has a name and a comment, nothing is repeated in a loop.

# First I define the input layer: 32x32 pixels, 3 colours
input_layer = keras.layers.Input(shape=(32, 32, 3), batch_size=None, dtype="float32", name="input_layer")

# Block 1
conv_1_layer = keras.layers.Conv2D(filters=16, kernel_size=(3, 3), strides=(1, 1), padding="same", name="conv_1")
conv_1_output = conv_1_layer(input_layer)
batchnorm_1_layer = keras.layers.BatchNormalization(name="batchnorm_1")
batchnorm_1_output = batchnorm_1_layer(conv_1_output)
relu_1_layer = keras.layers.Activation(activation="relu", name="relu_1")
relu_1_output = relu_1_layer(batchnorm_1_output)
pool_1_layer = keras.layers.MaxPooling2D(pool_size=(4, 4), name="pool_1")
pool_1_output = pool_1_layer(relu_1_output)

# Block 2
conv_2_layer = keras.layers.Conv2D(filters=32, kernel_size=(3, 3), strides=(1, 1), padding="same", name="conv_2")
conv_2_output = conv_2_layer(pool_1_output)
relu_2_layer = keras.layers.Activation(activation="relu", name="relu_2")
relu_2_output = relu_2_layer(conv_2_output)

# Output
flatten_layer = keras.layers.Flatten(name="flatten")
flatten_output = flatten_layer(relu_2_output)
dense_layer = keras.layers.Dense(units=10, name="dense")
dense_output = dense_layer(flatten_output)
softmax_layer = keras.layers.Softmax(name="softmax")
softmax_output = softmax_layer(dense_output)

# Now I put everything together
model = keras.models.Model(inputs=[input_layer], outputs=[softmax_output], name="my_first_own_network")

# Let me check that it worked
print(model.input_shape)
print(model.output_shape)
print("number of parameters:", model.count_params())
