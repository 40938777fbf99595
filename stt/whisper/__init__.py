"""Whisper on this machine: the input is 16 kHz samples, the output is segments with word times.

`transcribe` is the entry point. `weights` finds and verifies a model's files, and `loading` loads models into memory.
`model` decodes one window of 30 s, and `mel` computes the model's input. `sliding` moves from window to window.
`decoding` decodes gaps between words again and drops hallucinations. `language_choice` chooses the language of each
window. `word_times` corrects the times of words. `parallel` and `fair_semaphore` schedule work on the CPU. `memory`
tunes the memory allocator. `forced_alignment` finds when the words of a given text are spoken.
"""
