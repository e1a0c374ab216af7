# What the fresh process returns is kept whole.

fresh = {name: deployment.predict_in_fresh_process(each, files) for name, each in artifacts.items()}
equal = {}
for name in fresh:
    p = fresh[name].probabilities
    equal[name] = bool(np.allclose(p, expected, rtol=0, atol=1e-4)) and bool(
        np.all(p.argmax(1) == expected.argmax(1))
    )
