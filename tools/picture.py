#!/usr/bin/env python3
"""Draws what the phone heard in the demo's call: waveform, spectrum, and what was said when.

    tools/picture.py FOLDER PICTURE.svg

FOLDER is what `smtp-appliance demo --once --out FOLDER` left. Needs nothing but Python. Where a
sentence begins is not written anywhere: of the quiet places those are taken that fit the lengths of
the sentences best.
"""

import base64
import cmath
import itertools
import json
import math
import struct
import sys
import textwrap
import wave
import zlib
from array import array
from html import escape
from pathlib import Path

WIDTH, LEFT, RIGHT = 960, 44, 16
WAVE_TOP, WAVE_HEIGHT = 56, 92
SPECTRUM_TOP, SPECTRUM_HEIGHT = 160, 112
TEXT_TOP = 314
COLUMNS, ROWS = 458, 64
WINDOW = 256
FLOOR_DB = 62
# Quiet: this many steps of 16 bits, for this long.
QUIET, SHORTEST = 60, 0.12
# Between the key and the first word of the thanks, about.
ANSWER = 0.15


def read(folder):
    """Samples, rate, and what is known of the call."""
    calls = map(json.loads, (folder / "calls.jsonl").read_text().splitlines())
    call = next(call for call in calls if call["channel"] == "gsm")
    with wave.open(call["wav"]) as file:
        if (file.getnchannels(), file.getsampwidth()) != (1, 2):
            sys.exit("not 16 bits, mono")
        rate, samples = file.getframerate(), array("h", file.readframes(file.getnframes()))
    return samples, rate, call


def pauses(samples, rate):
    """Quiet places between the first and the last sound, as (begin, end) in seconds."""
    found, begin = [], 0
    for position, sample in enumerate(samples):
        if abs(sample) > QUIET:
            if position - begin > SHORTEST * rate:
                found.append((begin / rate, position / rate))
            begin = position + 1
    sound_end = begin / rate
    lead_in = found.pop(0)[1] if found and found[0][0] == 0 else 0.0
    return lead_in, found, sound_end


def sentences(lead_in, quiet, sound_end, said):
    """Begin and end of each sentence: the pauses that fit the lengths of the texts best."""
    best = None
    for cut in itertools.combinations(quiet, len(said) - 1):
        begins = [lead_in] + [end for _, end in cut]
        ends = [begin for begin, _ in cut] + [sound_end]
        lengths = [end - begin for begin, end in zip(begins, ends)]
        pace = sum(lengths) / sum(map(len, said))
        misfit = sum((length - pace * len(text)) ** 2 for length, text in zip(lengths, said))
        if best is None or misfit < best[0]:
            best = (misfit, list(zip(begins, ends)))
    if best is None:
        sys.exit("fewer pauses than sentences")
    return best[1]


def fourier(values):
    """The discrete Fourier transform of a power of two of values."""
    if len(values) == 1:
        return values
    even, odd = fourier(values[::2]), fourier(values[1::2])
    turned = [cmath.exp(-2j * math.pi * n / len(values)) * value for n, value in enumerate(odd)]
    return [e + o for e, o in zip(even, turned)] + [e - o for e, o in zip(even, turned)]


def spectrum(samples):
    """Rows of 0 to 15, the highest frequency first."""
    shape = [0.5 - 0.5 * math.cos(2 * math.pi * n / WINDOW) for n in range(WINDOW)]
    loudest, columns = 0.0, []
    for column in range(COLUMNS):
        middle = (2 * column + 1) * len(samples) // (2 * COLUMNS)
        begin = min(max(middle - WINDOW // 2, 0), len(samples) - WINDOW)
        part = [s * w for s, w in zip(samples[begin : begin + WINDOW], shape)]
        power = [abs(value) ** 2 for value in fourier(part)[: WINDOW // 2]]
        step = len(power) // ROWS
        columns.append([max(power[n : n + step]) for n in range(0, len(power), step)])
        loudest = max(loudest, *columns[-1])

    def level(power):
        decibels = 10 * math.log10(max(power, 1e-9) / loudest)
        return max(0, min(15, round(15 * (1 + decibels / FLOOR_DB))))

    return [[level(column[row]) for column in columns] for row in reversed(range(ROWS))]


def png(rows, colour):
    """A picture of 16 levels of one colour, from transparent to full."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    packed = b"".join(
        b"\0" + bytes(left << 4 | right for left, right in zip(row[::2], row[1::2])) for row in rows
    )
    head = struct.pack(">IIBBBBB", len(rows[0]), len(rows), 4, 3, 0, 0, 0)
    return b"".join(
        [
            b"\x89PNG\r\n\x1a\n",
            chunk(b"IHDR", head),
            chunk(b"PLTE", bytes(colour) * 16),
            chunk(b"tRNS", bytes(level * 17 for level in range(16))),
            chunk(b"IDAT", zlib.compress(packed, 9)),
            chunk(b"IEND", b""),
        ]
    )


def waveform(samples):
    """The outline of the sound as an SVG path."""
    middle, scale = WAVE_TOP + WAVE_HEIGHT / 2, WAVE_HEIGHT / 2 / max(map(abs, samples))
    top, bottom = [], []
    for column in range(COLUMNS):
        begin, end = (n * len(samples) // COLUMNS for n in (column, column + 1))
        part, x = samples[begin:end], LEFT + (WIDTH - LEFT - RIGHT) * (column + 0.5) / COLUMNS
        top.append(f"{x:.0f} {middle - max(part) * scale:.1f}")
        bottom.append(f"{x:.0f} {middle - min(part) * scale + 0.5:.1f}")
    return "M" + "L".join(top + bottom[::-1]) + "z"


def roles(said):
    """What each sentence of the demo's call is for."""
    prompt = [n for n, text in enumerate(said) if text.startswith("Press ")]
    names = ["alert"] * len(said)
    names[0], names[-1] = "greeting", "thanks"
    for n in prompt:
        names[n] = "prompt"
    return names


def draw(samples, rate, call):
    """The picture as SVG."""
    said, seconds = call["said"], len(samples) / rate
    spans = sentences(*pauses(samples, rate), said)

    def at(time):
        return LEFT + (WIDTH - LEFT - RIGHT) * time / seconds

    out, lines = [], 0
    bottom = SPECTRUM_TOP + SPECTRUM_HEIGHT
    parts = [
        (name, list(group))
        for name, group in itertools.groupby(zip(roles(said), spans, said), key=lambda part: part[0])
    ]
    parts = [(name, [span for _, span, _ in g], " ".join(t for _, _, t in g)) for name, g in parts]
    for name, group, text in parts:
        begin, end = at(group[0][0]), at(group[-1][1])
        out.append(f'<rect class="part" x="{begin:.1f}" y="40" width="{end - begin:.1f}" height="4" rx="2"/>')
        out.append(f'<text class="role" x="{(begin + end) / 2:.1f}" y="32">{name}</text>')
        wrapped = textwrap.wrap(text, max(12, int((end - begin) / 5.6)))
        lines = max(lines, len(wrapped))
        for number, line in enumerate(wrapped):
            y = TEXT_TOP + 15 * number
            out.append(f'<text class="said" x="{begin:.1f}" y="{y}">{escape(line)}</text>')
    first = at(spans[0][0])
    out.append(f'<text class="note" x="{LEFT}" y="32">lead-in</text>')
    out.append(f'<path class="mark" d="M{first:.1f} {WAVE_TOP - 8}V{bottom}"/>')
    if call["acknowledged"]:
        key = at(spans[-1][0] - ANSWER)
        out.append(f'<path class="key" d="M{key:.1f} {WAVE_TOP - 8}V{bottom}"/>')
        out.append(f'<circle class="dot" cx="{key:.1f}" cy="28" r="14"/>')
        out.append(f'<text class="digit" x="{key:.1f}" y="34">{escape(call["key_pressed"])}</text>')
        out.append(f'<text class="role press" x="{key - 34:.1f}" y="32">key</text>')
    for second in range(int(seconds) + 1):
        x = at(second)
        out.append(f'<path class="mark" d="M{x:.1f} {bottom}v5"/>')
        unit = " s" if second == int(seconds) else ""
        out.append(f'<text class="tick" x="{x:.1f}" y="{bottom + 18}">{second}{unit}</text>')
    for kilohertz in (0, 2, 4):
        y = bottom - SPECTRUM_HEIGHT * kilohertz / (rate / 2000)
        unit = " kHz" if kilohertz == 4 else ""
        out.append(f'<text class="scale" x="{LEFT - 6}" y="{y + (0 if kilohertz == 0 else 8):.0f}">{kilohertz}{unit}</text>')
    picture = base64.b64encode(png(spectrum(samples), (59, 130, 214))).decode()
    words = "; ".join(f"{name}: {text}" for name, _, text in parts)
    height = TEXT_TOP + 15 * lines
    body = "\n  ".join(out)
    return f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" aria-labelledby="title desc" font-family="system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif">
  <title id="title">What the phone heard</title>
  <desc id="desc">Waveform and spectrum of the demo's call, {seconds:.1f} seconds. {escape(words)}. The key {escape(call["key_pressed"] or "")} is pressed before the thanks.</desc>
  <style>
    .wave {{ fill: #3b82d6; }}
    .part {{ fill: #3b82d6; }}
    .role {{ fill: #3b82d6; font-size: 13px; font-weight: 600; text-anchor: middle; }}
    .press {{ fill: #d9822b; }}
    .said {{ fill: #76808c; font-size: 12px; }}
    .note, .tick, .scale {{ fill: #76808c; font-size: 11px; }}
    .tick {{ text-anchor: middle; }}
    .scale {{ text-anchor: end; }}
    .mark {{ stroke: #7d8794; stroke-width: 1; fill: none; }}
    .key {{ stroke: #d9822b; stroke-width: 2; fill: none; }}
    .dot {{ fill: #d9822b; }}
    .digit {{ fill: #ffffff; font-size: 17px; font-weight: 700; text-anchor: middle; }}
    @media (prefers-color-scheme: dark) {{
      .said, .note, .tick, .scale {{ fill: #a9b4c0; }}
    }}
  </style>
  <path class="wave" d="{waveform(samples)}"/>
  <image x="{LEFT}" y="{SPECTRUM_TOP}" width="{WIDTH - LEFT - RIGHT}" height="{SPECTRUM_HEIGHT}" preserveAspectRatio="none" href="data:image/png;base64,{picture}"/>
  {body}
</svg>
"""


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__.strip())
    Path(sys.argv[2]).write_text(draw(*read(Path(sys.argv[1]))))


main()
