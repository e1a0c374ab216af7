# Misconception: none; two lists in different orders.
# Findings: wrong-format
# Loses: 1

formats = ["keras", "saved_model", "litert_float32", "litert_float16"]
made = [deployment.export_model(model, folder / f, f, class_names=splits.class_names) for f in formats]
artifacts = dict(zip(sorted(formats, reverse=True), made))
