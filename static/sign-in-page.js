// Signing in with a certificate this browser holds: the challenge is signed here, the form carries the answer.

import { listKeys, openKeys } from "./seal/keys.js";
import { base64, utf8 } from "./seal/notation.js";
import { sentence } from "./seal/saying.js";

const place = document.getElementById("own-keys");
const form = document.querySelector("form[data-answer]");
const said = place.querySelector("[data-said]");

for (const { owner, name, person } of await listKeys()) {
  const button = place.querySelector("template").content.firstElementChild.cloneNode(true);
  button.append(` ${name} · ${person}`);
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      const own = await openKeys(owner);
      form.elements.certificate.value = own.certificate;
      form.elements.signature.value = base64(await own.sign(utf8(`sunbid-login/v1\n${form.elements.challenge.value}`)));
      form.submit();
    } catch (error) {
      said.className = "field-error";
      said.textContent = sentence(error);
      button.disabled = false;
    }
  });
  place.querySelector(".buttons").append(button);
  place.hidden = false;
}
