# Misconception: the best one is the most accurate one.
# Findings: too-large
# Loses: 1

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

candidates = [artifacts["litert_float32"], artifacts["litert_float16"]]
chosen = max(candidates, key=measure)
