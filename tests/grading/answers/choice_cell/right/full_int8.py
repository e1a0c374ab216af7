# Full int8, exported on its own, with all that `compare_predictions` tells.

int8 = deployment.export_model(
    model, folder / "int8", "litert_int8", class_names=splits.class_names, representative_images=representative
)
dynamic = deployment.export_model(model, folder / "dynamic", "litert_dynamic", class_names=splits.class_names)
smaller = {"litert_int8": int8, "litert_dynamic": dynamic}
chosen = int8
answers = deployment.predict_in_fresh_process(chosen, files).probabilities
print(deployment.compare_predictions(expected, answers, labels))
