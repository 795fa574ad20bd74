// The meter of a new password: what the rules demand, seen while typing. The server decides.
export function meter() {
  const input = document.querySelector("input[data-meter]");
  if (!input) return;
  const bar = document.getElementById(input.dataset.meter);
  const text = document.getElementById(input.dataset.meter + "-text");
  const least = Number(input.dataset.least);
  bar.hidden = false;
  input.addEventListener("input", () => {
    const v = input.value;
    const missing = [];
    if (!/[A-Z]/.test(v)) missing.push("英大文字");
    if (!/[a-z]/.test(v)) missing.push("英小文字");
    if (!/[0-9]/.test(v)) missing.push("数字");
    if (!/[!-/:-@[-`{-~]/.test(v)) missing.push("記号");
    const n = [...v].length;
    if (n < least) missing.push(`あと${least - n}文字`);
    bar.value = Math.max(0, Math.min(100, n * 5 - missing.length * 15));
    text.textContent = v === "" ? "" : missing.length > 0 ? `足りないもの：${missing.join("、")}` : n >= 16 ? "強いパスワードです。" : "条件を満たしています。長くするほど強くなります。";
  });
  const use = document.getElementById("use-suggestion");
  if (!use) return;
  use.hidden = false;
  use.addEventListener("click", () => {
    for (const id of ["new", "again"]) document.getElementById(id).value = use.dataset.value;
    input.dispatchEvent(new Event("input"));
  });
}
