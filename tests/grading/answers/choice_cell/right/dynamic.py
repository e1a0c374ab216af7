# Dynamic: nothing has to be measured at export.

smaller = deployment.export_formats(
    model,
    folder,
    ("litert_dynamic", "litert_int8"),
    class_names=splits.class_names,
    representative_images=representative,
)
chosen = smaller["litert_dynamic"]
print(chosen.size <= space)
