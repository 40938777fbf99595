// The browser's storage, which may be blocked or full.

/** Return what is stored under a name, null if nothing is or storage is blocked. @param {string} name */
export function read(name) {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

/** Store a text, or remove it if it is null. Return whether the browser did. @param {string} name @param {string | null} text */
export function write(name, text) {
  try {
    if (text === null) localStorage.removeItem(name);
    else localStorage.setItem(name, text);
    return true;
  } catch {
    return false;
  }
}
