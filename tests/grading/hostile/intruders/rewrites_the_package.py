import helpers, sys, pathlib
for folder in (pathlib.Path(helpers.__file__).parent, pathlib.Path(sys.prefix)):
    try: (folder / 'poison.py').write_text('x'); print('HIT', folder)
    except OSError: pass
