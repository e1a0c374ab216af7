# The smallest of those that lose little.

smaller = deployment.export_formats(
    model,
    folder,
    ("litert_dynamic", "litert_int8"),
    class_names=splits.class_names,
    representative_images=representative,
)
def measure(artifact):
    answers = deployment.predict_in_fresh_process(artifact, files).probabilities
    return (answers.argmax(axis=1) == labels).mean()

good = [artifact for artifact in smaller.values() if measure(artifact) >= accuracy - 0.03]
chosen = min(good, key=lambda artifact: artifact.size)
