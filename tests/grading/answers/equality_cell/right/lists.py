# Probabilities as lists of lists.

fresh, equal = {}, {}
for name in artifacts:
    p = deployment.predict_in_fresh_process(artifacts[name], files).probabilities
    equal[name] = (abs(p - expected) <= 1e-4).all() and (p.argmax(-1) == expected.argmax(-1)).all()
    fresh[name] = p.tolist()
