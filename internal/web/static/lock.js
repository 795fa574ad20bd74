// Without a key or a pointer for the tenant's time the page is covered and asks for the password again.
// The server locks by itself as well; this keeps what was typed, because the page stays where it is.
export function lock() {
  const dialog = document.getElementById("screen-dialog");
  if (!dialog) return;
  const says = document.getElementById("screen-wrong");
  const input = document.getElementById("screen-password");
  let at = Date.parse(dialog.dataset.at);
  let told = Date.now();
  let used = false;
  let shut = false;
  const ask = async (path, method, body) => {
    const r = await fetch(path, { method, body, headers: { Accept: "application/json" } });
    if (r.status === 401) { location.assign("/login"); throw new Error("signed out"); }
    return r;
  };
  const refresh = async (method) => {
    const r = await ask("/session", method);
    if (!r.ok) return { locked: true };
    const s = await r.json();
    at = Date.parse(s.locks_at);
    return s;
  };
  const cover = () => {
    shut = true;
    document.body.classList.add("screen-locked");
    for (const d of document.querySelectorAll("dialog[open]")) if (d !== dialog) d.close();
    if (!dialog.open) dialog.showModal();
  };
  const uncover = async () => {
    shut = false;
    document.body.classList.remove("screen-locked");
    dialog.close();
    used = false;
    await refresh("GET");
  };
  for (const e of ["keydown", "pointerdown"]) addEventListener(e, () => { used = !shut; }, { passive: true });
  dialog.addEventListener("cancel", (e) => e.preventDefault());
  dialog.addEventListener("close", () => { if (shut) dialog.showModal(); });
  dialog.querySelector("form").addEventListener("submit", async (e) => {
    e.preventDefault();
    says.textContent = "";
    const r = await ask("/unlock", "POST", new URLSearchParams({ password: input.value }));
    input.value = "";
    if (!r.ok) {
      const f = await r.json();
      says.textContent = f.message;
      input.focus();
      return;
    }
    await uncover();
  });
  dialog.addEventListener("passkey", uncover);
  for (const f of document.querySelectorAll('form[action="/screen/lock"]')) f.addEventListener("submit", (e) => {
    e.preventDefault();
    ask("/screen/lock", "POST").catch(() => {}).finally(cover);
  });
  const tick = async () => {
    if (shut) return;
    const now = Date.now();
    if (used && now - told > 60e3) {
      used = false;
      told = now;
      await refresh("POST");
    }
    if (now < at) return;
    const s = await refresh("GET"); // another tab's work counts
    if (!s.locked && Date.now() < at) return;
    await ask("/screen/lock", "POST");
    cover();
  };
  setInterval(() => tick().catch(() => {}), 1000);
}
