# A loop of its own, each artifact in a folder of its own.

artifacts = {}
for format in ["keras", "saved_model", "litert_float32", "litert_float16"]:
    artifacts[format] = deployment.export_model(
        model, folder / f"my_{format}", format, class_names=splits.class_names
    )
    print(format, artifacts[format].size)
