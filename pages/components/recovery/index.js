// Sends the recovery code of a link to Python. The code is in the URL fragment, which browsers do not send to servers.
// The script removes it from the address at once.
/** @param {import("../shared/staying.js").Call} call */
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
