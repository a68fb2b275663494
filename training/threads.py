"""Imported before torch: has the threads that wait sleep.

Spinning ones take the core from the thread they wait for as soon as anything else runs here: a
step beside compilers then took ten times the processor time of a quiet one. libgomp reads the
setting when torch loads it.
"""

import os

os.environ.setdefault("OMP_WAIT_POLICY", "passive")
