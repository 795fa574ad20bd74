// The file area takes a dropped file and says which file is chosen and how large it is.
export function drop() {
  for (const area of document.querySelectorAll(".drop")) {
    const input = area.querySelector("input[type=file]");
    const chosen = area.querySelector(".chosen");
    const show = () => {
      const f = input.files[0];
      chosen.textContent = f ? `${f.name}（${(f.size / 1024 / 1024).toFixed(f.size < 1e6 ? 2 : 1)} MB）` : "";
    };
    input.addEventListener("change", show);
    area.addEventListener("dragover", (e) => { e.preventDefault(); area.classList.add("over"); });
    area.addEventListener("dragleave", () => area.classList.remove("over"));
    area.addEventListener("drop", (e) => {
      e.preventDefault();
      area.classList.remove("over");
      if (e.dataTransfer.files.length > 0) { input.files = e.dataTransfer.files; show(); }
    });
  }
}
