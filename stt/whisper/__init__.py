"""Whisper on this machine: 16 kHz samples in, segments with word times out.

`transcribe` is the entry point. `weights` finds and verifies the model, `loading` keeps models in memory, `model`
decodes one window of 30 s (`mel` computes its input), `sliding` moves from window to window, `decoding` fills gaps and
drops hallucinations, `language_choice` chooses the language, `word_times` corrects times. `parallel` and
`fair_semaphore` schedule work on the CPU, `memory` tunes the allocator.
`forced_alignment` finds when the words of a given text are spoken.
"""
