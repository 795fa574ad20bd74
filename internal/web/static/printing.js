// Buttons with data-prints open the print dialog; without this module they stay hidden.
export function printing() {
  for (const b of document.querySelectorAll("[data-prints]")) {
    b.hidden = false;
    b.addEventListener("click", () => print());
  }
}
