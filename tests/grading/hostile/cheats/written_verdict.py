import json, os, pathlib
f = pathlib.Path(os.environ['COURSE_HANDOVER'], 'check_model'); f.mkdir()
for n in ('facts', 'report', 'verdicts'):
    (f / f'{n}.json').write_text(json.dumps({'check_model': {'report': '{}'}, 'points': 5}))
model = None
