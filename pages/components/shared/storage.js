// Reads and writes localStorage, which may be blocked or full.

/** Return localStorage, null if it is blocked. @returns {Storage | null} */
export function browserStorage() {
  try {
    return localStorage;
  } catch {
    return null;
  }
}

/** Return the text stored under a name, null if there is none or storage is blocked. @param {string} name */
export function read(name) {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

/**
 * Store a text under a name, or remove the stored text if `text` is null. Return whether this succeeded.
 * @param {string} name
 * @param {string | null} text
 */
export function write(name, text) {
  try {
    if (text === null) localStorage.removeItem(name);
    else localStorage.setItem(name, text);
    return true;
  } catch {
    return false;
  }
}
