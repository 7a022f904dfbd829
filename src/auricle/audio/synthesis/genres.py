"""What makes a genre: tempo, metre, drum patterns, harmony, bass, timbres and mix, as data."""

from auricle.audio.synthesis.drums import Kit
from auricle.audio.synthesis.style import Bass, Chords, Drums, Groove, Harmony, Lead, Mix, Style

STYLES: dict[str, Style] = {
    "blues": Style(
        Groove((72, 118), swing=(0.62, 0.67), looseness_s=0.010),
        Drums(
            (
                {"kick": "X.......X.......", "snare": "....X.......X...", "hat": "x.o.x.o.x.o.x.o."},
                {"kick": "X.....x.X.......", "snare": "....X.......X..o", "ride": "x.o.x.o.x.o.x.o."},
                {"kick": "X.......x.x.....", "snare": "....X.......X...", "hat": "x...x.o.x...x.o."},
            ),
            Kit(62, 0.14, 0.2, 205, 0.8, 0.11, 0.85),
            presence=0.9,
        ),
        Harmony(
            ("0:7 5:7 0:7 0:7 5:7 5:7 0:7 0:7 7:7 5:7 0:7 7:7", "0:7 0:7 5:7 0:7 7:7 5:7 0:7 7:7"),
            ("0:m7 5:m7 0:m7 7:7", "0:m7 0:m7 5:m7 0:m7 8:7 7:7 0:m7 7:7"),
            0.2, "blues", "blues",
        ),
        Bass(("r---3---5---6---", "r-r-5-5-6-6-5-5-", "w---w---w---w---"), ("finger_bass", "upright_bass")),
        Chords(
            ("X.x.X.x.X.x.X.x.", "..X...x...X...x.", "X-----x-X-----x-"),
            ("crunch_guitar", "piano", "clean_guitar", "organ"),
            57,
        ),
        Lead(("blues_guitar", "harmonica", "blues_guitar"), (0.35, 0.55), 2.2, 69, presence=0.95),
        Mix(
            lead_db=(-4, 0), reverb_s=(0.4, 1.0), tilt_db=(-2.5, 0), lowpass_hz=(8500, 13000),
            hiss_db=(-66, -58),
        ),
        ("jazz", "folk", "metal"),
    ),
    "classical": Style(
        Groove((66, 132), metres=(4, 3, 4), looseness_s=0.012),
        Drums(
            ({"timpani": "X...........x.x."}, {"timpani": "X.......X......."}), presence=0.2,
            fills=("timpani",),
        ),
        Harmony(
            ("0:M 5:M 7:M 0:M", "0:M 9:m 2:m 7:M", "0:M 7:M 9:m 4:m 5:M 0:M 5:M 7:M",
            "0:M 7:7 0:M 5:M 2:m 7:7"),
            ("0:m 5:m 7:7 0:m", "0:m 8:M 5:m 7:7", "0:m 3:M 8:M 7:7"),
            0.4, "major", "harmonic_minor",
        ),
        Bass(("r-------5-------", "r---------------", "r---5---8---5---"), ("cello_bass",), 36, 0.9),
        Chords(
            ("a.c.b.c.a.c.b.c.", "X---------------", "a-b-c-d-c-b-a-b-", "X-------x-------"),
            ("string_section", "piano", "string_section"),
            60,
        ),
        Lead(("violin", "flute", "violin", "trumpet"), (0.45, 0.75), 1.8, 77, 1.0, 0.95),
        Mix(
            drums_db=(-8, -4), bass_db=(-7, -4), chords_db=(-6, -2), lead_db=(-4, 0), reverb_s=(1.4, 2.4),
            reverb_db=(-13, -8), tilt_db=(-2, 0.5), width=(0.7, 1.0), density=(0.2, 0.6),
        ),
        ("folk", "jazz"),
    ),
    "electronic": Style(
        Groove((116, 144), looseness_s=0.0),
        Drums(
            (
                {"kick": "X...X...X...X...", "clap": "....X.......X...", "open_hat": "..x...x...x...x."},
                {"kick": "X...X...X...X...", "hat": "oxoxoxoxoxoxoxox", "open_hat": "..x...x...x...x."},
                {"kick": "X.....X...X.....", "snare": "....X.......X...", "hat": "xxxxxxxxxxxxxxxx"},
            ),
            Kit(50, 0.22, 0.6, 210, 1.0, 0.10, 1.15, 0.8),
            fills=("snare", "clap"),
        ),
        Harmony(
            ("0:M 7:M 9:m 5:M", "0:M 0:M 5:M 5:M"),
            ("0:m 8:M 3:M 10:M", "0:m 0:m 10:M 10:M", "0:m 5:m 8:M 10:M"),
            0.75,
        ),
        Bass(
            ("..r...r...r...r.", "r.rrr.rrr.rrr.rr", "r.8.r.8.r.8.r.8.", "..rr..rr..rr..rr"),
            ("saw_bass", "saw_bass", "sub_bass")
        ),
        Chords(
            ("abcdabcdabcdabcd", "a.c.d.c.b.d.c.b.", "X---------------", "X..X..X...X..X.."),
            ("saw_stack", "synth_pad", "saw_stack"),
            64,
        ),
        Lead(("square_lead", "saw_stack", "singer"), (0.4, 0.8), 2.6, 74, 0.6, 0.75, 4),
        Mix(
            drums_db=(-1, 2), bass_db=(-4, -1), lead_db=(-9, -5), reverb_s=(0.8, 1.6), reverb_db=(-18, -13),
            tilt_db=(0.5, 3), lowpass_hz=(16000, 20000), width=(0.7, 1), pump=(0.35, 0.75), echo=(0.1, 0.3),
            density=(2, 3.2),
        ),
        ("hiphop", "reggae", "metal"),
    ),
    "folk": Style(
        Groove((84, 136), metres=(4, 4, 3), looseness_s=0.011),
        Drums(
            (
                {"shaker": "x.x.x.x.x.x.x.x.", "kick": "x.......x......."},
                {"tambourine": "....x.......x...", "kick": "X.......X......."},
                {"brush": "..x.x...x.x.x...", "kick": "x.....x.x......."},
            ),
            Kit(70, 0.10, 0.1, 200, 0.5, 0.1, 0.8),
            presence=0.5,
            fills=("kick",),
        ),
        Harmony(
            ("0:M 5:M 0:M 7:M", "0:M 7:M 9:m 5:M", "0:M 0:M 5:M 7:M", "0:M 5:M 7:M 0:M"),
            ("0:m 10:M 8:M 10:M", "0:m 3:M 10:M 0:m"),
            0.25, "major_pentatonic", "dorian",
        ),
        Bass(("r-------5-------", "r---....5---...."), ("upright_bass", "finger_bass"), 36, 0.6),
        Chords(
            ("X.x.X.xxX.x.X.xx", "X...x.xx..x.x.xx", "a.c.b.d.a.c.b.d.", "acbcdcbcacbcdcbc"),
            ("steel_guitar", "steel_guitar", "nylon_guitar"),
            57,
        ),
        Lead(("singer", "violin", "flute", "harmonica", "singer"), (0.35, 0.6), 1.6, 69),
        Mix(
            drums_db=(-9, -5), bass_db=(-8, -5), chords_db=(-4, -1), lead_db=(-5, -1), reverb_s=(0.3, 0.7),
            reverb_db=(-24, -18), tilt_db=(-0.5, 1.5), width=(0.3, 0.7), density=(0.5, 1.1),
        ),
        ("blues", "classical", "reggae"),
    ),
    "hiphop": Style(
        Groove((78, 102), swing=(0.54, 0.62), swung_sixteenths=True, looseness_s=0.008),
        Drums(
            (
                {"kick": "X.....x.X.x.....", "snare": "....X.......X...", "hat": "x.x.x.x.x.x.x.x."},
                {"kick": "X..x......X..x..", "snare": "....X..o....X...", "hat": "x.xxx.x.x.xxx.x."},
                {"kick": "X......x..X.....", "clap": "....X.......X...", "hat": "xxx.xxxxx.x.xxxx"},
            ),
            Kit(46, 0.32, 0.5, 180, 1.0, 0.16, 0.95, 1.2),
        ),
        Harmony(
            ("0:M7 5:M7", "0:M7 9:m7 2:m7 7:7"),
            ("0:m7 0:m7 5:m7 5:m7", "0:m7 8:M7", "0:m7 10:M 8:M7 10:M"),
            0.75, "major_pentatonic", "minor_pentatonic",
        ),
        Bass(
            ("r-----r-r-......", "r------.....r-8-", "r-----........r-"),
            ("sub_bass", "sub_bass", "finger_bass"), 28,
        ),
        Chords(
            ("X-------....x---", "X-----X---------", "a.b.c...d.c.b..."),
            ("electric_piano", "piano", "string_section"), 62
        ),
        Lead(("rapper", "rapper", "rapper", "singer"), (0.6, 0.85), 0.6, 55, 0.6, 0.8, 4),
        Mix(
            drums_db=(0, 3), bass_db=(-2, 1), chords_db=(-11, -7), lead_db=(-5, -1), reverb_s=(0.2, 0.5),
            reverb_db=(-26, -20), tilt_db=(-2.5, 0), lowpass_hz=(10000, 15000), width=(0.2, 0.5),
            hiss_db=(-62, -52),
            density=(1.6, 2.6),
        ),
        ("electronic", "reggae", "jazz"),
    ),
    "jazz": Style(
        Groove((112, 208), metres=(4, 4, 4, 3), swing=(0.6, 0.67), looseness_s=0.010),
        Drums(
            (
                {"ride": "X...x.x.X...x.x.", "hat": "....x.......x...", "kick": "o.......o......."},
                {"ride": "X...x.x.X...x.x.", "snare": "......o......o..", "hat": "....x.......x..."},
                {"brush": "x...x...x...x...", "ride": "x...x.x.x...x.x.", "kick": "o..............."},
            ),
            Kit(72, 0.12, 0.1, 230, 0.6, 0.09, 0.95),
            presence=0.92,
        ),
        Harmony(
            ("2:m7 7:7 0:M7 9:7", "0:M7 9:7 2:m7 7:7", "2:m7 7:7 0:M7 0:M7 4:m7 9:7 2:m7 7:7"),
            ("0:m7 5:m7 2:d7 7:7", "0:m7 5:m7 10:7 3:M7"),
            0.4, "bebop", "dorian",
        ),
        Bass(("w---w---w---w---",), ("upright_bass",), 33),
        Chords(
            ("X.....x.........", "......X.......x.", "..X.......X.....", "X.....x...X....."),
            ("piano", "electric_piano", "clean_guitar"), 62
        ),
        Lead(("saxophone", "trumpet", "saxophone", "crooner"), (0.5, 0.8), 3.0, 70, 0.85, 0.95),
        Mix(
            drums_db=(-5, -2), bass_db=(-4, -1), chords_db=(-8, -4), lead_db=(-4, 0), reverb_s=(0.6, 1.2),
            reverb_db=(-19, -13), tilt_db=(-2, 0.5), lowpass_hz=(11000, 16000), hiss_db=(-72, -62),
            density=(0.6, 1.2),
        ),
        ("blues", "classical", "hiphop"),
    ),
    "metal": Style(
        Groove((116, 190), looseness_s=0.003),
        Drums(
            (
                {"kick": "XxxxXxxxXxxxXxxx", "snare": "....X.......X...", "crash": "X...x...x...x..."},
                {"kick": "X.X.X.X.X.X.X.X.", "snare": "..X...X...X...X.", "hat": "x...x...x...x..."},
                {"kick": "X.xxX.xxX.xxX.xx", "snare": "....X.......X...", "ride": "x.x.x.x.x.x.x.x."},
            ),
            Kit(64, 0.11, 1.2, 200, 1.0, 0.14, 1.1, 1.5),
            fills=("tom", "snare"),
        ),
        Harmony(
            ("0:5 0:5 5:5 7:5", "0:5 10:5 5:5 0:5"),
            ("0:5 0:5 1:5 0:5", "0:5 8:5 10:5 0:5", "0:5 3:5 1:5 6:5", "0:5 0:5 8:5 7:5"),
            0.88, "mixolydian", "phrygian",
        ),
        Bass(("r.rrr.rrr.rrr.rr", "r.r.r.r.r.r.r.r.", "rrrrrrrrrrrrrrrr"), ("pick_bass",), 28),
        Chords(
            ("X.xxX.xxX.xxX.xx", "X.X.x.X.X.X.x.X.", "X---X-X-X---X-X-", "XxxxX.xxXxxxX.xx"),
            ("heavy_guitar", "heavy_guitar", "crunch_guitar"), 46
        ),
        Lead(("lead_guitar", "growler", "growler"), (0.5, 0.9), 2.2, 66, 0.95, 0.7, 4),
        Mix(
            drums_db=(-3, 0), bass_db=(-7, -4), chords_db=(-2, 1), lead_db=(-7, -3), reverb_s=(0.4, 0.9),
            reverb_db=(-24, -18), tilt_db=(0, 2.5), width=(0.8, 1), density=(2.4, 4),
        ),
        ("blues", "electronic"),
    ),
    "reggae": Style(
        Groove((66, 92), swing=(0.5, 0.58), swung_sixteenths=True, looseness_s=0.008),
        Drums(
            (
                {"kick": "........X.......", "rim": "........X.....o.", "hat": "x.x.x.x.x.x.x.x."},
                {"kick": "X.......X.......", "rim": "....o...X..o....", "hat": "..x...x...x...x."},
                {"kick": "X...X...X...X...", "snare": "........X.......", "hat": "x.xxx.x.x.xxx.x.",
                 "conga": "..o..o....o..o.."},
            ),
            Kit(56, 0.16, 0.2, 240, 0.6, 0.08, 0.9),
            fills=("tom", "rim"),
        ),
        Harmony(
            ("0:M 5:M 0:M 5:M", "0:M 5:M 7:M 5:M", "0:M 2:m 0:M 2:m"),
            ("0:m 10:M 0:m 10:M", "0:m 5:m 0:m 7:m"),
            0.4, "major_pentatonic", "minor_pentatonic",
        ),
        Bass(("r---r-5-..8-5-..", "..r-r-....5-8-5-", "r--3--5-....r-5-"), ("dub_bass",), 31),
        Chords(
            ("....x.......x...", "..x...x...x...x.", "..x..xx...x..xx."),
            ("skank_guitar", "skank_guitar", "organ"), 62,
        ),
        Lead(("singer", "organ", "crooner", "trumpet"), (0.3, 0.55), 1.8, 67, 0.85, 0.75),
        Mix(
            drums_db=(-5, -2), bass_db=(0, 3), chords_db=(-6, -3), lead_db=(-8, -4), reverb_s=(0.7, 1.5),
            reverb_db=(-19, -13), tilt_db=(-3.5, -1), lowpass_hz=(9000, 14000), echo=(0.25, 0.5),
            density=(1, 1.8),
        ),
        ("hiphop", "folk", "electronic"),
    ),
}  # fmt: skip
