import { expect, test } from "vitest";
import { ending } from "../recorder/sound.js";

test.each([
  ["audio/webm;codecs=opus", "webm"],
  ["audio/mp4", "m4a"],
  ["audio/ogg;codecs=opus", "ogg"],
])("a recording of type %s has the extension %s", (type, name) => expect(ending(type)).toBe(name));
