import subprocess
subprocess.Popen(['sleep', '98765'], start_new_session=True); raise ValueError('left one')
