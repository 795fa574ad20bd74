// Passkeys: the browser's own dialog between a question of the service and its answer. Buttons appear only
// where the browser can do it; every page works without them.
const bytes = (s) => Uint8Array.from(atob(s.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
const text = (b) => b ? btoa(String.fromCharCode(...new Uint8Array(b))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "") : undefined;

// wire turns what the browser gives into what the service reads.
const wire = (c) => ({
  id: c.id, rawId: text(c.rawId), type: c.type, clientExtensionResults: {},
  authenticatorAttachment: c.authenticatorAttachment ?? undefined,
  response: {
    clientDataJSON: text(c.response.clientDataJSON), attestationObject: text(c.response.attestationObject),
    authenticatorData: c.response.signature ? text(c.response.authenticatorData) : undefined,
    signature: text(c.response.signature), userHandle: text(c.response.userHandle),
    transports: c.response.getTransports?.(),
  },
});

// ask runs one ceremony; options with a user make a passkey, others use one.
async function ask(options) {
  const o = options.publicKey;
  o.challenge = bytes(o.challenge);
  for (const list of [o.excludeCredentials, o.allowCredentials]) for (const c of list ?? []) c.id = bytes(c.id);
  if (!o.user) return wire(await navigator.credentials.get({ publicKey: o }));
  o.user.id = bytes(o.user.id);
  return wire(await navigator.credentials.create({ publicKey: o }));
}

async function post(path, tenant, body) {
  const headers = { Accept: "application/json", "Content-Type": "application/json" };
  if (tenant) headers["X-Rakudos-Tenant"] = tenant;
  const r = await fetch(path, { method: "POST", headers, body: JSON.stringify(body) });
  if (r.status === 401) { location.assign("/login"); throw new Error("signed out"); }
  const answer = await r.json();
  if (!r.ok) throw new Error(answer.message + answer.next);
  return answer;
}

export function passkeys() {
  if (!globalThis.PublicKeyCredential || !navigator.credentials) return;
  for (const part of document.querySelectorAll("[data-passkey]")) {
    const button = part.querySelector("button[data-ask]");
    const says = part.querySelector("[role=status]");
    const name = part.querySelector("input[name=name]");
    part.hidden = false;
    const go = async () => {
      const { ask: question, send, back, tenant, stay } = button.dataset;
      says.textContent = "";
      button.disabled = true;
      try {
        const credential = await ask(await post(question, tenant, {}));
        const { to } = await post(send, tenant, { credential, back: back ?? "", name: name?.value ?? "" });
        if (stay === undefined) { location.assign(to); return; }
        part.closest("dialog").dispatchEvent(new Event("passkey"));
      } catch (e) {
        says.textContent = e.name === "NotAllowedError" || e.name === "AbortError" ? "パスキーの確認が取り消されました。もう一度お試しください。"
          : e.name === "InvalidStateError" ? "この端末のパスキーは、すでに登録されています。"
          : e.name === "SecurityError" ? "このアドレスではパスキーを使えません。案内されたアドレスで開き直してください。" : e.message;
      }
      button.disabled = false;
    };
    button.addEventListener("click", go);
    name?.addEventListener("keydown", (e) => { if (e.key === "Enter") { e.preventDefault(); go(); } });
  }
}
