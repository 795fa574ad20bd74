// Buttons with data-opens show a dialog, data-closes closes the one around them. In a dialog with
// data-name the act stays disabled until that name is typed.
export function dialogs() {
  for (const b of document.querySelectorAll("[data-opens]")) {
    const d = document.getElementById(b.dataset.opens);
    b.hidden = false;
    b.addEventListener("click", () => d.showModal());
  }
  for (const b of document.querySelectorAll("[data-closes]")) {
    b.addEventListener("click", () => b.closest("dialog").close());
  }
  for (const b of document.querySelectorAll("[data-prints]")) {
    b.hidden = false;
    b.addEventListener("click", () => print());
  }
}
