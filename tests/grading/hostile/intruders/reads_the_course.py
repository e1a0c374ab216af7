import pathlib

for course in (pathlib.Path('@course@'), pathlib.Path('@root@')):
    for name in ('solutions', 'submitted', 'gradebook.db', 'autograded', 'nbgrader_config.py'):
        if (course / name).exists():
            print('HIT', name)
    # Its own folder to hand over into stands there, and nobody else's.
    if len(list(course.glob('.grading/*/*'))) > 1 or list(course.glob('.grading/*/*/*.*')):
        print('HIT', list(course.glob('.grading/*/*/*')))
