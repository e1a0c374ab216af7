import os, socket
for path in ('/tmp/listener', '\0listener'):
    s = socket.socket(socket.AF_UNIX); s.bind(path); s.listen()
for folder in ('/run', '/var/run', '/tmp/.X11-unix', '@home@'):
    try: names = os.listdir(folder)
    except OSError: continue
    if names: print('HIT', folder, names)
