# The features of the lower blocks computed once, the upper ones trained on them.

densenet.unfreeze_backbone(backbone, from_block="conv5")
lower, upper = densenet.split_backbone(backbone, "conv5")
low_features = extract_features(densenet.join(densenet.build_preprocessing(profile), lower), splits)
top = densenet.join(upper, keras.layers.Flatten(), head)
top.compile(keras.optimizers.Adam(1e-4), "categorical_crossentropy", metrics=["accuracy"])
new = top.fit(
    low_features.train, validation_data=low_features.validation, epochs=profile.fine_tune_epochs, verbose=0
)
history = histories.join_histories(frozen_history, new)
