# Told: Permission|File exists
import os
f = os.environ['COURSE_HANDOVER'] + '/check_model'
os.mkdir(f); os.chmod(f, 0)
model = None
