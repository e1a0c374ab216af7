"""Watch a network while it trains: `model.fit(..., callbacks=[LiveCurve()], verbose=0)`.

progress   where a training stands, and how long it will take
picture    accuracy and loss by epoch, growing
panel      picture, progress bar and Stop button in a notebook
interrupt  the first interrupt asks for a stop, the second one breaks off
callback   what Keras calls
"""

from helpers.live.callback import LiveCurve

__all__ = ["LiveCurve"]
