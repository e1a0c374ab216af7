# Misconception: `model.save` makes an artifact as well.
# Findings: damaged-artifact
# Loses: 1

artifacts = deployment.export_formats(
    model,
    folder,
    ("keras", "saved_model", "litert_float32", "litert_float16"),
    class_names=splits.class_names,
)
(folder / "by_hand").mkdir()
model.save(folder / "by_hand" / "model.keras")
artifacts["keras"] = folder / "by_hand"
