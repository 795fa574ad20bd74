// On a narrow screen the menu starts closed; Escape closes it again.
export function menu() {
  const d = document.querySelector(".menu > details");
  if (!d) return;
  const narrow = matchMedia("(max-width: 820px)");
  const fit = () => { d.open = !narrow.matches; };
  fit();
  narrow.addEventListener("change", fit);
  d.addEventListener("keydown", (e) => {
    if (e.key === "Escape" && narrow.matches) { d.open = false; d.querySelector("summary").focus(); }
  });
}
