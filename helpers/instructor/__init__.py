"""For instructors: build the notebooks, grade with nbgrader, and play the whole flow once."""
