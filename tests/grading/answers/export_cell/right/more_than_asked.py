# The 8-bit format as well, since it is there.

artifacts = deployment.export_formats(
    model,
    folder,
    ["keras", "saved_model", "litert_float32", "litert_float16", "litert_dynamic"],
    class_names=splits.class_names,
)
