import js from "@eslint/js";
import globals from "globals";

export default [
  { ignores: ["**/bundle.js"] },
  js.configs.recommended,
  { languageOptions: { globals: globals.browser } },
  { files: ["*.js"], languageOptions: { globals: globals.node } },
];
