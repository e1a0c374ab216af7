# Four calls, written out, names as a list.

names = list(splits.class_names)
as_keras = deployment.export_model(model, folder / "a", "keras", class_names=names)
as_saved_model = deployment.export_model(model, folder / "b", "saved_model", class_names=names)
as_float32 = deployment.export_model(model, folder / "c", class_names=names)
as_float16 = deployment.export_model(model, folder / "d", "litert_float16", class_names=names)
artifacts = dict(
    litert_float16=as_float16, litert_float32=as_float32, saved_model=as_saved_model, keras=as_keras
)
