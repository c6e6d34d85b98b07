// A party's signature under a contract: the hash of its PDF is signed by the party's certificate, in this browser.

import { announce } from "./sunbid.js";
import { openKeys } from "./seal/keys.js";
import { base64, bytesOf, joined } from "./seal/notation.js";
import { need } from "./seal/refusal.js";
import { ask, sentence, word } from "./seal/saying.js";

for (const button of document.querySelectorAll("[data-sign]")) {
  const said = button.closest(".card").querySelector("[data-said]");
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      const own = await openKeys();
      need(own, "keys.missing");
      said.textContent = word("signing");
      const digest = button.dataset.digest;
      const signature = base64(await own.sign(joined("sunbid-contract/v1\n", bytesOf(digest))));
      await ask(button.dataset.sign, { pdf_sha256: digest, signature });
      said.textContent = word("signed");
      announce(word("signed"));
      location.reload();
    } catch (error) {
      said.textContent = sentence(error);
      announce(said.textContent);
      button.disabled = false;
    }
  });
}
