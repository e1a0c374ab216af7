# Told: wrote more than|File too large
import os
while True:
    open(os.environ['COURSE_HANDOVER'] + '/x', 'ab').write(b'0' * 10**6)
