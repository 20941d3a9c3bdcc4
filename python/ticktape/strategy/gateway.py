"""The messages from and to the gateway: lines of JSON on standard input and output. The end of standard input is the gateway's end."""
import json
import os
import sys
import threading

from ..system import continue_when_parent_ends

#: The exit status of a process that ends because its gateway has.
GATEWAY_GONE = 143


class Gateway:
    """Takes standard input and output for itself: what a strategy prints goes to standard error, and `input()` finds nothing."""

    def __init__(self):
        #: Set by the gateway's stop message: frames before this position must still be handled.
        self.stop_at = None
        self._input, self._output = os.dup(0), os.dup(1)
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)
        os.close(null)
        os.dup2(2, 1)
        sys.stdout.reconfigure(line_buffering=True)

    def listen(self, wake):
        """Reads messages on a thread of its own: also a strategy that is in an endless loop, or stopped, ends with its gateway."""
        continue_when_parent_ends()
        threading.Thread(target=self._read, args=(wake,), name='ticktape-gateway', daemon=True).start()

    def _read(self, wake):
        text = b''
        while True:
            data = os.read(self._input, 65536)
            if data == b'':
                os._exit(GATEWAY_GONE)
            *lines, text = (text + data).split(b'\n')
            for line in lines:
                message = json.loads(line)
                if message.get('kind') == 'stop':
                    self.stop_at = message['position']
                    wake()

    def say(self, kind, **values):
        """A message. One to a gateway that has ended goes nowhere."""
        data = (json.dumps({'kind': kind, **values}) + '\n').encode()
        try:
            while data:
                data = data[os.write(self._output, data):]
        except BrokenPipeError:
            pass
