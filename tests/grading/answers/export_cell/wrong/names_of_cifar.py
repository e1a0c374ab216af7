# Misconception: the ten classes are those of CIFAR-10, whatever the images show.
# Findings: wrong-classes
# Loses: 1

names = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
artifacts = deployment.export_formats(
    model,
    folder,
    ("keras", "saved_model", "litert_float32", "litert_float16"),
    class_names=names,
)
