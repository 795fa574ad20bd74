// Five minutes before the session ends a dialog offers to continue. Asking for the time does not extend
// the session; only the button does. Another tab's work counts, because the server is asked first.
const warn = 5 * 60e3;

export function session() {
  const dialog = document.getElementById("session-dialog");
  if (!dialog) return;
  const left = document.getElementById("session-left");
  let end = Math.min(Date.parse(dialog.dataset.idle), Date.parse(dialog.dataset.end));
  const call = async (method) => {
    const r = await fetch("/session", { method, headers: { Accept: "application/json" } });
    if (!r.ok) { location.reload(); return; }
    const s = await r.json();
    end = Math.min(Date.parse(s.idle_ends), Date.parse(s.ends));
  };
  const tick = async () => {
    const rest = end - Date.now();
    if (rest <= 0) { location.assign("/login"); return; }
    if (rest <= warn && !dialog.open) {
      await call("GET");
      if (end - Date.now() <= warn) dialog.showModal();
    }
    if (dialog.open) left.textContent = rest > 60e3 ? `${Math.ceil(rest / 60e3)}分` : `${Math.ceil(rest / 1e3)}秒`;
    if (dialog.open && end - Date.now() > warn) dialog.close();
  };
  document.getElementById("session-continue").addEventListener("click", async () => {
    await call("POST");
    dialog.close();
  });
  setInterval(() => tick().catch(() => {}), 1000);
}
