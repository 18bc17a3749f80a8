"""Writes down what is said in WAV files of 8000 Hz, with pocketsphinx and its own English model.

Input, a line for each file: its name, a tab, the words that are said in it, digits allowed.
Output, a line for each file: these words without digits and marks, a tab, the words that were heard.

The grammar of a file has the shape of its sentence and those of two others, so that not even the
number of words is given away. A shape is a row of kinds of words; where it has a noun, every noun
that is listed here may be heard. With any word after any word the recogniser, which was made for
16000 Hz, would hear half of the words of the best of telephone lines.
"""

import multiprocessing
import re
import sys
import wave

import numpy
from pocketsphinx import Config, Decoder
from scipy.signal import resample_poly

RATE = 16000
SHAPES = 3

ONES = """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen
fifteen sixteen seventeen eighteen nineteen""".split()
TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()

KINDS = {
    "number": ONES[:13] + TENS + ["hundred"],
    "letter": list("abcdehikmoptuz"),
    "joint": "of in on at for is has the to than with from many are".split(),
    "state": """full failed down up open closed detected degraded unreachable stopped refused
        expires running left critical restored connected missing broken slow high low empty behind
        paused""".split(),
    "noun": """disk battery temperature sensor array memory certificate server agent router switch
        firewall gateway interface link service database replication backup packet loss connection
        volume space fan alarm smoke water leak fire power supply rack room door printer paper
        generator processes job load runtime camera cable window kitchen mailbox update virus queue
        tape archive cooling heater pump motion humidity""".split(),
    "measure": "minutes seconds hours days weeks percent degrees volts celsius".split(),
    "other": """night morning user login attic garage office north basement tower west normal
        answered node thread cache filter valve""".split(),
}

# What the dictionary does not have, in its phonemes.
SPOKEN = {
    "eth": "EH TH",
    "nas": "N AE S",
    "runtime": "R AH N T AY M",
    "wordpress": "W ER D P R EH S",
    "zabbix": "Z AE B IH K S",
}


def number(value):
    if value < 20:
        return [ONES[value]]
    if value < 100:
        return [TENS[value // 10 - 2]] + ([ONES[value % 10]] if value % 10 else [])
    rest = [] if value % 100 == 0 else number(value % 100)
    return number(value // 100) + ["hundred"] + rest


def words(text):
    spoken = []
    for word in re.findall(r"[a-z']+|\d+", text.lower()):
        spoken += number(int(word)) if word.isdigit() else [word]
    return spoken


def kind(word):
    return next((name for name, known in KINDS.items() if word in known), "other")


def grammar(index, sentences):
    shapes = [sentences[(index + other) % len(sentences)] for other in range(SHAPES)]
    rules = [f"<{name}> = {' | '.join(known)};" for name, known in KINDS.items()]
    sentence = " | ".join(" ".join(f"<{kind(word)}>" for word in shape) for shape in shapes)
    return "\n".join(["#JSGF V1.0;", "grammar alert;", *rules, f"public <alert> = {sentence};"])


def sound(path):
    with wave.open(path) as file:
        bytes_ = file.readframes(file.getnframes())
        samples = numpy.frombuffer(bytes_, "<i2").astype(float)
        samples = resample_poly(samples, RATE, file.getframerate())
    # A line is never silent; the model was made of rooms.
    samples += numpy.random.RandomState(1).randn(len(samples)) * 3
    return numpy.clip(samples, -32768, 32767).astype("<i2").tobytes()


def decoder(**beams):
    made = Decoder(Config(loglevel="FATAL", lm=None, **beams))
    for word, phonemes in SPOKEN.items():
        if made.lookup_word(word) is None:
            made.add_word(word, phonemes, False)
    return made


def hypothesis(path, rules, **beams):
    made = decoder(**beams)
    made.add_jsgf_string("alert", rules)
    made.activate_search("alert")
    made.start_utt()
    made.process_raw(sound(path), False, True)
    made.end_utt()
    heard = made.hyp()
    return heard.hypstr.split() if heard else []


def listen(path, index, sentences):
    rules = grammar(index, sentences)
    # Wide beams take ten times as long; they are for what the narrow ones have lost on the way.
    return hypothesis(path, rules) or hypothesis(path, rules, beam=1e-60, wbeam=1e-40)


def main():
    lines = [line.rstrip("\n").split("\t") for line in sys.stdin]
    sentences = [words(text) for _, text in lines]
    KINDS["other"] += sorted({word for said in sentences for word in said if kind(word) == "other"})
    dictionary = decoder()
    unknown = [w for w in sum(KINDS.values(), []) if dictionary.lookup_word(w) is None]
    if unknown:
        sys.exit(f"no pronunciation of {unknown}: add it to SPOKEN")
    jobs = [(path, index, sentences) for index, (path, _) in enumerate(lines)]
    with multiprocessing.Pool() as pool:
        for said, heard in zip(sentences, pool.starmap(listen, jobs, chunksize=1)):
            print(" ".join(said), " ".join(heard), sep="\t")


# The other processes have what was read: they are forked.
if __name__ == "__main__":
    multiprocessing.set_start_method("fork")
    main()
