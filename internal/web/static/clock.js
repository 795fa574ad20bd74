// The footer's clock keeps the server's time in JST: the offset to this device's clock is taken once.
export function clock() {
  const el = document.getElementById("jst-clock");
  if (!el) return;
  const ahead = Date.parse(el.dateTime) - Date.now();
  const two = (n) => String(n).padStart(2, "0");
  const tick = () => {
    const d = new Date(Date.now() + ahead + 9 * 3600e3);
    const day = `${d.getUTCFullYear()}-${two(d.getUTCMonth() + 1)}-${two(d.getUTCDate())}`;
    const time = `${two(d.getUTCHours())}:${two(d.getUTCMinutes())}`;
    el.dateTime = `${day}T${time}:${two(d.getUTCSeconds())}+09:00`;
    el.textContent = `${day} ${time} JST`;
  };
  setInterval(tick, 1000);
}
