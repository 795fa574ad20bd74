// Under a support access the header counts down, and the page is left when the time is over: the server
// ends the access by itself, but what has been shown should not stay on the screen.
export function visiting() {
  const bar = document.getElementById("visiting");
  if (!bar) return;
  const left = document.getElementById("visiting-left");
  const end = Date.parse(bar.dataset.end);
  setInterval(() => {
    const rest = end - Date.now();
    if (rest <= 0) { location.assign("/"); return; }
    const minutes = Math.floor(rest / 60e3);
    const text = minutes >= 60 ? `${Math.floor(minutes / 60)}時間${minutes % 60}分` : minutes >= 1 ? `${minutes}分` : "1分未満";
    if (left.textContent !== text) left.textContent = text;
  }, 1000);
}
