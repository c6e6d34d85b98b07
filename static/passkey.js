// Passkeys: ask the browser to make one or to answer with one, and hand the answer to the server.

const token = () => document.querySelector("input[name=csrf_token]").value;

async function post(address, body) {
  const answer = await fetch(address, {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": token() },
    body: JSON.stringify(body),
  });
  const value = await answer.json();
  if (!answer.ok) throw new Error(value.detail ?? String(answer.status));
  return value;
}

async function use(button) {
  const { options, finish, kind, next } = button.dataset;
  const said = document.getElementById(button.getAttribute("aria-describedby"));
  said.textContent = "";
  button.disabled = true;
  try {
    const asked = await post(options, {});
    const credential = kind === "create"
      ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(asked) })
      : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(asked) });
    const name = document.getElementById(button.dataset.name ?? "")?.value ?? "";
    const done = await post(finish, { credential: credential.toJSON(), name, next: next ?? "" });
    location.assign(done.next);
  } catch (error) {
    said.textContent = error.name === "NotAllowedError" ? said.dataset.cancelled : error.message;
    button.disabled = false;
  }
}

for (const button of document.querySelectorAll("button[data-passkey]")) {
  const usable = window.isSecureContext && window.PublicKeyCredential?.parseCreationOptionsFromJSON;
  if (usable) button.addEventListener("click", () => use(button));
  else {
    button.disabled = true;
    const said = document.getElementById(button.getAttribute("aria-describedby"));
    said.textContent = said.dataset.unsupported;
  }
}
