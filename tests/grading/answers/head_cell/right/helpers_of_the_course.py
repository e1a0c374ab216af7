# The head of the helper package, with the preprocessing that it leaves out.

frozen = densenet.join(densenet.build_preprocessing(profile), backbone)
head = densenet.build_head_alone(frozen.output_shape[1:], pooling="average", dropout=0.3)
model = densenet.join(frozen, head)
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
