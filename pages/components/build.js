// Bundle each component: its index.js and everything that index.js imports become one bundle.js, because Streamlit
// accepts the script of a component only as one text. `node build.js --check` writes no file, and fails if a bundle is
// out of date.

import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { build } from "esbuild";

process.chdir(import.meta.dirname);
const names = readdirSync(".").filter((name) => name !== "node_modules" && existsSync(`${name}/index.js`));
const banner = { js: '// Made by "npm run build" from index.js and what it imports. Do not edit.' };
const stale = [];
for (const name of names) {
  const options = { entryPoints: [`${name}/index.js`], bundle: true, format: "esm", target: "es2022", write: false };
  const { text } = (await build({ ...options, banner })).outputFiles[0];
  const path = `${name}/bundle.js`;
  if (existsSync(path) && readFileSync(path, "utf-8") === text) continue;
  stale.push(path);
  if (!process.argv.includes("--check")) writeFileSync(path, text);
}
if (stale.length && process.argv.includes("--check")) {
  console.error(`Not what the sources give: ${stale.join(", ")}. Run "npm run build" in pages/components.`);
  process.exit(1);
}
