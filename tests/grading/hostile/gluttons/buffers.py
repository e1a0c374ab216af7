# Told: printed more than
import time

kernel = get_ipython().kernel
for number in range(20):
    content = {"comm_id": f"{number}", "target_name": "jupyter.widget", "data": {}}
    kernel.session.send(
        kernel.iopub_socket, "comm_open", content, kernel.get_parent(), buffers=[b"0" * 10**7]
    )
time.sleep(30)
