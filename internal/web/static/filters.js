// Filter forms marked data-auto send themselves when a choice changes, and leave empty fields out of the
// address so that it can be shared.
export function filters() {
  for (const form of document.querySelectorAll("form[data-auto]")) {
    form.addEventListener("change", (e) => { if (e.target.matches("select")) form.requestSubmit(); });
    form.addEventListener("formdata", (e) => {
      for (const [k, v] of [...e.formData.entries()]) if (v === "") e.formData.delete(k);
    });
  }
}
