# Misconception: what holds for one format holds for all.
# Findings: no-predictions, no-verdict
# Loses: 4

p = deployment.predict_in_fresh_process(artifacts["keras"], files).probabilities
fresh = {"keras": p}
equal = {"keras": np.abs(p - expected).max() <= 1e-4}
