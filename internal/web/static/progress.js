// Shows how far a long job is: events from the server, or a reload every few seconds when they fail.
export function progress() {
  const box = document.getElementById("progress");
  if (!box) return;
  const bar = box.querySelector("progress");
  const text = document.getElementById("progress-text");
  const started = Date.now();
  let first = null;
  const show = (p) => {
    if (p.total > 0) { bar.max = p.total; bar.value = p.done; }
    if (first === null) first = p.done;
    const seconds = (Date.now() - started) / 1000;
    const rate = (p.done - first) / Math.max(seconds, 0.5);
    const n = new Intl.NumberFormat("ja-JP");
    let line = `${n.format(p.done)}${p.unit}`;
    if (p.total > 0) line += ` / ${n.format(p.total)}${p.unit}`;
    if (rate >= 1) {
      line += `・毎秒${n.format(Math.round(rate))}${p.unit}`;
      if (p.total > p.done) line += `・残り約${n.format(Math.ceil((p.total - p.done) / rate))}秒`;
    }
    text.textContent = line;
  };
  const source = new EventSource(box.dataset.events);
  source.addEventListener("progress", (e) => show(JSON.parse(e.data)));
  source.addEventListener("done", () => { source.close(); location.reload(); });
  source.addEventListener("error", () => {
    if (source.readyState === EventSource.CLOSED) setTimeout(() => location.reload(), 3000);
  });
}
