// What waits (待办), for a bidder: which open tenders have a draft on this machine. Only the browser looks; nothing is sent.

import { DraftStore } from "./seal/draft_store.js";

const owner = document.querySelector('meta[name="sunbid-owner"]')?.content ?? "";

for (const mark of document.querySelectorAll("[data-draft]")) {
  new DraftStore(owner, mark.dataset.draft).open().then(
    (draft) => { mark.hidden = !draft; },
    () => {}, // a browser that keeps nothing has no drafts
  );
}
