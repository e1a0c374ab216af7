# Told: wrote more than
import os, time
for n in range(20_000):
    open(os.environ['COURSE_HANDOVER'] + f'/{n}', 'w').close()
time.sleep(3)
