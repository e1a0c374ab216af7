import pathlib

for course in (pathlib.Path("@course@"), pathlib.Path("/")):
    for path in course.glob("**/submitted/*/small/small.ipynb"):
        path.write_text("{}")
        print("HIT", path)
model = None
