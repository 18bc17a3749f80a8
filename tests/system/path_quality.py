"""Compares what was heard with what was said: PESQ (narrow band) and STOI.

Input, a line for each pair: the WAV file that was said, a tab, the one that was heard, 8000 Hz both.
Output, a line for each pair: PESQ, a tab, STOI.
"""

import sys
import wave

import numpy
from pesq import pesq
from pystoi import stoi
from scipy.signal import correlate

RATE = 8000


def samples(path):
    with wave.open(path) as file:
        assert file.getframerate() == RATE, path
        return numpy.frombuffer(file.readframes(file.getnframes()), "<i2").astype(float)


def aligned(said, heard):
    """What was heard from where it is most like what was said, and as long."""
    heard = numpy.concatenate([heard, numpy.zeros(len(said))])
    place = int(numpy.argmax(correlate(heard, said, mode="valid", method="fft")))
    return heard[place : place + len(said)]


for line in sys.stdin:
    said, heard = (samples(path) for path in line.rstrip("\n").split("\t"))
    heard = aligned(said, heard)
    print(f"{pesq(RATE, said, heard, 'nb'):.3f}\t{stoi(said, heard, RATE):.4f}")
