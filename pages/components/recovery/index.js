// Sends the recovery code of an opened link to Python. The code is in the URL fragment, which browsers do not send to
// servers. The script removes the fragment from the browser's address bar and history at once.
/** @param {import("../shared/keeping/staying.js").Call} call */
export default function ({ setTriggerValue }) {
  const take = () => {
    const code = /^#recover=([0-9A-Za-z-]{20,60})$/.exec(location.hash)?.[1];
    if (!code) return;
    history.replaceState(history.state, "", location.pathname + location.search);
    setTriggerValue("code", code);
  };
  take();
  addEventListener("hashchange", take);
  return () => removeEventListener("hashchange", take);
}
