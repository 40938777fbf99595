import { afterEach, beforeEach, expect, test, vi } from "vitest";

const PLURALS = Array.from({ length: 200 }, (_, count) => (count === 1 ? 0 : 1));

/** @param {Record<string, string[]>} texts */
async function withTexts(texts) {
  const holder = document.createElement("div");
  holder.className = "stt-texts";
  holder.dataset.texts = JSON.stringify({ texts, plurals: PLURALS });
  document.body.append(holder);
  return import("../shared/texts.js");
}

beforeEach(() => vi.resetModules());
afterEach(() => document.body.replaceChildren());

test("without a translation, texts are English", async () => {
  const { tr, trn } = await import("../shared/texts.js");
  expect(tr("Uploading {name}", { name: "{a}" })).toBe("Uploading {a}");
  expect(trn("{count} hit", "{count} hits", 1)).toBe("1 hit");
  expect(trn("{count} hit of {all}", "{count} hits of {all}", 0, { all: 9 })).toBe("0 hits of 9");
});

test("with a translation, texts and plural forms are in the visitor's language", async () => {
  const { tr, trn } = await withTexts({
    Play: ["Abspielen"],
    "{count} hit": ["{count} Treffer", "{count} Treffer (viele)"],
  });
  expect(tr("Play")).toBe("Abspielen");
  expect(tr("Pause")).toBe("Pause");
  expect(trn("{count} hit", "{count} hits", 1)).toBe("1 Treffer");
  expect(trn("{count} hit", "{count} hits", 1201)).toBe("1201 Treffer (viele)");
});

test("the HTML of a component is translated with its labels", async () => {
  const { translate } = await withTexts({ "Only what differs": ["Nur Unterschiede"], Play: ["Abspielen"] });
  const root = document.createElement("div");
  root.innerHTML = '<button aria-label="Play" title="Play"></button><label><input>  Only what\n differs</label>';
  translate(root);
  expect(root.innerHTML).toBe(
    '<button aria-label="Abspielen" title="Abspielen"></button><label><input>  Nur Unterschiede</label>',
  );
});

test("text that a component adds later is not translated when it is set up again", async () => {
  const { translate } = await withTexts({ Play: ["Abspielen"] });
  const root = document.createElement("div");
  root.innerHTML = "<button>Play</button><p></p>";
  translate(root);
  root.children[1].textContent = "Play";
  translate(root);
  expect(root.innerHTML).toBe("<button>Abspielen</button><p>Play</p>");
});
