# A helper function with both conditions, plain booleans.

def are_equal(a, b, tolerance=1e-4):
    if np.max(np.abs(a - b)) > tolerance:
        return False
    return bool(np.array_equal(np.argmax(a, axis=1), np.argmax(b, axis=1)))

fresh = {
    name: deployment.predict_in_fresh_process(artifact, files).probabilities
    for name, artifact in artifacts.items()
}
equal = {name: are_equal(values, expected) for name, values in fresh.items()}
