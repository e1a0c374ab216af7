import pathlib

for course in (pathlib.Path('@course@'), pathlib.Path('@root@')):
    for name in ('solutions', 'submitted', 'gradebook.db', 'autograded', 'nbgrader_config.py'):
        if (course / name).exists():
            print('HIT', name)
    for job in course.glob('.grading/*/*'):
        print('HIT', job)
