# Told: wrote more than
import os
os.chdir(os.environ['COURSE_HANDOVER'])
for _ in range(3000):
    os.mkdir('d'); os.chdir('d')
import time; time.sleep(3)
