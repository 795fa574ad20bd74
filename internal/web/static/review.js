// In a table of lines to decide, j and k go to the next and the previous line that waits, as long as nobody
// is typing. Without this the Tab key does the same.
export function review() {
  const table = document.querySelector("table[data-lines]");
  if (!table) return;
  document.addEventListener("keydown", (e) => {
    if (e.ctrlKey || e.altKey || e.metaKey || e.target.closest("input, select, textarea, dialog")) return;
    const step = { j: 1, k: -1 }[e.key];
    if (!step) return;
    const rows = [...table.querySelectorAll("tr[id]")].filter((r) => r.querySelector("form"));
    const at = rows.indexOf(document.activeElement && document.activeElement.closest("tr[id]"));
    const row = rows[Math.max(0, Math.min(rows.length - 1, at + step))];
    if (!row) return;
    e.preventDefault();
    row.querySelector("button[value=keep]").focus();
    row.scrollIntoView({ block: "nearest" });
  });
}
