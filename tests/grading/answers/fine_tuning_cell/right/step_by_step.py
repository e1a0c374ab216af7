# First the last block, then everything; three histories joined.

settings = dict(loss="categorical_crossentropy", metrics=["accuracy"])
parts = [frozen_history]
for block, rate in (("conv5", 1e-4), (None, 5e-5)):
    densenet.unfreeze_backbone(backbone, from_block=block)
    model.compile(keras.optimizers.Adam(rate), **settings)
    parts.append(model.fit(splits.train, validation_data=splits.validation, epochs=profile.fine_tune_epochs // 2, verbose=0))
history = histories.join_histories(*parts)
