import os
f = os.environ['COURSE_HANDOVER'] + '/check_model'
os.mkdir(f)
open(f + '/facts.json', 'w').write('[' * 10_000_000)
model = None
