// Every way these modules say no: a stable code and its facts, as core/errors.py does. Words stand in the page.

export class Refusal extends Error {
  /** `code` is "noun.reason"; `facts` say why; `detail` is the server's own sentence, where it refused. */
  constructor(code, facts = {}, detail = "") {
    super(detail || code);
    this.name = "Refusal";
    this.code = code;
    this.facts = facts;
    this.detail = detail;
  }
}

/** Refuse with `code` unless `holds`. */
export function need(holds, code, facts) {
  if (!holds) throw new Refusal(code, facts);
}
