// Made by "npm run build" from index.js and what it imports. Do not edit.

// recovery/index.js
function index_default({ setTriggerValue }) {
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
export {
  index_default as default
};
