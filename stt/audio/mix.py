"""Mix the channels of a recording to one, so that the sound of each channel but the subwoofer stays audible.

Samples are float32, shape (channels, n). The coefficients are those of ITU-R BS.775 for a mix to one channel, which
leaves out the subwoofer. Two channels of opposite phase would cancel each other, so one of them is inverted. A dead
channel does not lower the level of the others.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from stt.speech.samples import Samples

FRONT, CENTRE, BEHIND = 0.707, 1.0, 0.5  # coefficients of the front left and right, centre, and other channels
COEFFICIENTS = {"FC": CENTRE, "LFE": 0.0, "LFE2": 0.0}
COEFFICIENTS |= dict.fromkeys(("BL", "BR", "BC", "SL", "SR", "TC", "TFL", "TFC", "TFR", "TBL", "TBC", "TBR"), BEHIND)
NAMES = {
    "FL": "left",
    "FR": "right",
    "FC": "centre",
    "LFE": "subwoofer",
    "LFE2": "second subwoofer",
    "DL": "left",
    "DR": "right",
}
NAMES |= {"BL": "back left", "BR": "back right", "BC": "back", "SL": "side left", "SR": "side right"}

SHORTEST = 1_600  # after its first call, `Mix.add` changes gains and phases only if it gets at least this many samples
FADE = 160  # length of the fade from the previous mix to a changed mix, samples
DEAD = 0.01  # a channel is dead if its level is below this share of the loudest channel's level
SILENT = 1e-5  # a channel is silent if its level (root mean square) is below this; full scale is 1
# Bounds on the correlation of a channel with the mix of the channels before it. Within ±UNLIKE, the channel is
# unrelated to the mix and keeps its phase. Below -OPPOSITE, the channel is inverted; a channel that is already inverted
# stays inverted while the correlation is below -LIKELY. At any other negative correlation, the channel is shifted by
# 90°, because adding it and subtracting it would both cancel a part of the sound.
UNLIKE, LIKELY, OPPOSITE = 0.2, 0.5, 0.8

PLAIN, OPPOSED, QUARTER = "plain", "opposed", "quarter"


class Mix:
    """Mix the channels of one layout. `names` are FFmpeg's channel names, such as FL.

    A channel with a name that is not in COEFFICIENTS gets the coefficient FRONT.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)
        self._weights = [COEFFICIENTS.get(name, FRONT) for name in self.names]
        if not any(self._weights):
            self._weights = [1.0] * len(self.names)
        self._loudest = np.zeros(len(self.names))
        self._phases = [PLAIN] * len(self.names)
        self._gains: list[float] | None = None
        self._adjusted = np.zeros(len(self.names))  # number of each channel's samples that were inverted or shifted

    def add(self, samples: Samples) -> Samples:
        """Mix the next samples of all channels to shape (1, n). The same sequence of calls gives the same mix."""
        count = samples.shape[1]
        if count == 0 or len(samples) == 1:
            return samples[:1]
        phases, gains = list(self._phases), self._gains
        if count >= SHORTEST or gains is None:
            levels = np.sqrt(np.mean(samples**2, axis=1))
            self._loudest = np.maximum(self._loudest, levels)
            gains = self._new_gains()
        mixed = np.zeros(count, np.float32)
        for channel, gain in enumerate(gains):
            if gain == 0:
                continue
            if count >= SHORTEST:
                phases[channel] = _phase(mixed, samples[channel], self._phases[channel])
                if phases[channel] != PLAIN and levels[channel] > SILENT:
                    self._adjusted[channel] += count
            part = _with_phase(samples[channel], phases[channel]) * gain
            before = gain if self._gains is None else self._gains[channel]
            if (before, self._phases[channel]) != (gain, phases[channel]):
                fade = min(FADE, count)
                old = _with_phase(samples[channel], self._phases[channel])[:fade] * before
                part[:fade] = old + (part[:fade] - old) * np.linspace(0, 1, fade, dtype=np.float32)
            mixed += part
        self._phases, self._gains = phases, gains
        return np.clip(mixed, -1, 1)[np.newaxis]

    def describe(self, rate: int) -> str:
        """Return a description of the mix, such as "2 channels to one; right inverted or phase-shifted (11 s)"."""
        parts = [f"{len(self.names)} channels to one"]
        for channel in np.flatnonzero(self._adjusted).tolist():
            parts.append(f"{self._name(channel)} inverted or phase-shifted ({self._adjusted[channel] / rate:.0f} s)")
        if dead := [
            self._name(channel) for channel, lives in enumerate(self._live()) if not lives and self._weights[channel]
        ]:
            parts.append(f"{', '.join(dead)} silent")
        if out := [self._name(channel) for channel, weight in enumerate(self._weights) if not weight]:
            parts.append(f"without {', '.join(out)}")
        return "; ".join(parts)

    def _live(self) -> npt.NDArray[np.bool_]:
        live: npt.NDArray[np.bool_] = self._loudest >= max(SILENT, DEAD * self._loudest.max(initial=0.0))
        return live

    def _new_gains(self) -> list[float]:
        """Return each channel's gain: its coefficient, scaled so that the gains of all live channels add up to 1.

        A channel is live if it is neither dead nor silent.
        """
        together = sum(weight for weight, lives in zip(self._weights, self._live(), strict=True) if lives)
        return [weight / (together or sum(self._weights)) for weight in self._weights]

    def _name(self, channel: int) -> str:
        if len(self.names) == 2:
            return ("left", "right")[channel]
        return NAMES.get(self.names[channel], f"channel {channel + 1}")


def _phase(mixed: Samples, samples: Samples, before: str) -> str:
    """Return how to add a channel to the mix so far: PLAIN, OPPOSED (inverted) or QUARTER (shifted by 90°).

    The decision depends on the correlation of `mixed` and `samples`, and on the previous decision, `before`.
    """
    one, other = mixed - mixed.mean(), samples - samples.mean()
    energy = float(np.dot(one, one)) * float(np.dot(other, other))
    if energy < (SILENT**2 * len(samples)) ** 2:
        return before
    like = float(np.dot(one, other)) / energy**0.5
    if abs(like) <= UNLIKE:
        return before
    if like > 0:
        return PLAIN
    if like < -OPPOSITE or (before == OPPOSED and like < -LIKELY):
        return OPPOSED
    return QUARTER


def _with_phase(samples: Samples, phase: str) -> Samples:
    if phase == PLAIN:
        return samples
    if phase == OPPOSED:
        return -samples
    spectrum = np.fft.rfft(samples) * -1j
    spectrum[0] = 0
    return np.fft.irfft(spectrum, len(samples)).astype(np.float32)
