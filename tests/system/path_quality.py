"""Compares what was heard with what was said: PESQ (narrow band) and STOI.

Input, a line for each pair: the WAV file that was said, a tab, the one that was heard, 8000 Hz both.
Output, a line for each pair: PESQ, a tab, STOI. With `--follow` what was heard is aligned anew each
half second, within 100 ms: a telephone that lost packets leaves out or repeats a moment, which nobody
notices and STOI takes for noise. (PESQ does so by itself.)
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


def followed(said, heard):
    """The same, by half seconds; where nothing is said, as before."""
    heard = numpy.concatenate([numpy.zeros(800), heard, numpy.zeros(len(said) + 800)])
    place = int(numpy.argmax(correlate(heard, said, mode="valid", method="fft")))
    pieces = []
    for begin in range(0, len(said), RATE // 2):
        piece = said[begin : begin + RATE // 2]
        if numpy.abs(piece).max() > 1000:
            first = max(place + begin - 800, 0)
            near = heard[first : place + begin + len(piece) + 800]
            place = first - begin + int(numpy.argmax(correlate(near, piece, mode="valid", method="fft")))
        pieces.append(heard[place + begin : place + begin + len(piece)])
    return numpy.concatenate(pieces)


for line in sys.stdin:
    said, heard = (samples(path) for path in line.rstrip("\n").split("\t"))
    heard = followed(said, heard) if "--follow" in sys.argv else aligned(said, heard)
    print(f"{pesq(RATE, said, heard, 'nb'):.3f}\t{stoi(said, heard, RATE):.4f}")
