import os, pathlib
if 'SECRET_TOKEN' in os.environ: print('HIT environment')
for name in ('@home@/secret', '/etc/shadow', '/etc/hostname', '/var', '/home', '/proc/1/root'):
    try: found = os.listdir(name) if os.path.isdir(name) else open(name).read()
    except OSError: continue
    if found and name != '/proc/1/root': print('HIT', name, found)
    if name == '/proc/1/root' and 'var' in found: print('HIT', name, found)
