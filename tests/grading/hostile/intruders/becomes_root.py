import ctypes, os
libc = ctypes.CDLL(None)
for become in (os.setuid, os.setgid):
    try: become(0); print('HIT', become)
    except OSError: pass
for kind, target in ((b'tmpfs', b'/tmp'), (b'proc', b'/proc')):
    if libc.mount(kind, target, kind, 0, None) == 0: print('HIT', target)
if libc.umount2(b'/tmp', 2) == 0: print('HIT umount')
try: open('/proc/sys/kernel/core_pattern', 'w'); print('HIT core_pattern')
except OSError: pass
