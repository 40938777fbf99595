"""Whisper on this machine: 16 kHz samples in, segments with word times out.

`transcribe` is the face. `weights` finds and checks the model, `model` decodes one window of 30 s (`mel` computes its
input), `sliding` goes from window to window, `decoding` fills gaps and drops hallucinations, `language_choice`
decides the language, `word_times` keeps times in order. `parallel` and `fair_semaphore` share the processor, `memory`
its memory.
"""
