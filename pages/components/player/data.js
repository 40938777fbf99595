// The type of the data that Python sends to the player. `player` in __init__.py explains the fields.

/**
 * @typedef {{
 *   audio: string | null, waveform: string | null, duration: number, at: number | null, find: string, timed: boolean,
 *   paragraphs: import("./text/text.js").Packed[], speakers: string[], doubtful: number, version: number | null,
 *   sample: [number: number, start: number, end: number] | null, edits: string | null, undo: number, redo: number,
 *   notes: import("./notes/model.js").Note[], noting: string | null,
 *   passages: import("./passages/panel.js").Choices | null,
 * }} Data
 */

export {};
