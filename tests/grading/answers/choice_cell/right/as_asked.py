# Both exported and measured; the last one that keeps to both budgets.

smaller = deployment.export_formats(
    model,
    folder,
    ("litert_dynamic", "litert_int8"),
    class_names=splits.class_names,
    representative_images=representative,
)
for artifact in smaller.values():
    answers = deployment.predict_in_fresh_process(artifact, files).probabilities
    right = (answers.argmax(axis=1) == labels).mean()
    if artifact.size <= space and right >= accuracy - 0.03:
        chosen = artifact
