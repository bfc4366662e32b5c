"""Exchanges two names of a file system, over and over, until it is killed: exchange.py ONE OTHER"""

import ctypes
import os
import sys

RENAME_EXCHANGE = 2
one, other = (os.fsencode(name) for name in sys.argv[1:])
rename = ctypes.CDLL(None, use_errno=True).renameat2
while rename(-100, one, -100, other, RENAME_EXCHANGE) == 0:
    pass
sys.exit(os.strerror(ctypes.get_errno()))
