// A field that finds people and groups and keeps those that were picked.
import { h, said, apart } from "./dom.js";
import { get } from "./api.js";

const WAIT_MS = 200;
let count = 0;

export class Picker {
  /** find(q) gives candidates; chosen: [{key, display, kind}] */
  constructor(label, chosen, find, hint) {
    const id = `picker-${++count}`;
    this.chosen = [...chosen];
    this.find = find;
    this.at = -1;
    this.list = h("ul", { class: "choices", id: `${id}-list`, role: "listbox", "aria-label": `${label}: found` });
    this.list.hidden = true;
    this.input = h("input", { type: "text", id, role: "combobox", "aria-expanded": "false", "aria-controls": this.list.id, "aria-autocomplete": "list", autocomplete: "off", placeholder: "Name or address" });
    this.input.addEventListener("input", () => this.later());
    this.input.addEventListener("keydown", (e) => this.key(e));
    this.input.addEventListener("blur", () => setTimeout(() => this.close(), 150));
    this.picked = h("ul", { class: "picked", "aria-label": label });
    this.node = h("div", {}, h("label", { for: id }, label), this.picked, h("div", { class: "picker" }, this.input, this.list),
      hint && h("p", { class: "hint" }, hint));
    this.draw();
  }

  keys() {
    return this.chosen.map((p) => p.key);
  }

  draw() {
    this.picked.replaceChildren(...this.chosen.map((p) => h("li", {}, said(p.display || p.key),
      h("button", { type: "button", class: "bare", "aria-label": `Remove ${apart(p.display || p.key)}`, onclick: () => {
        this.chosen = this.chosen.filter((other) => other.key !== p.key);
        this.draw();
        this.input.focus();
      } }, "×"))));
  }

  later() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.ask(), WAIT_MS);
  }

  async ask() {
    const q = this.input.value.trim();
    if (!q) return this.close();
    const found = (await this.find(q).catch(() => [])).filter((p) => !this.keys().includes(p.key));
    if (q !== this.input.value.trim()) return undefined;
    this.found = found;
    this.at = found.length ? 0 : -1;
    this.list.replaceChildren(...(found.length ? found.map((p, i) =>
      h("li", { role: "option", id: `${this.list.id}-${i}`, "aria-selected": String(i === this.at), onmousedown: (e) => { e.preventDefault(); this.take(i); } },
        said(p.display || p.key), h("span", { class: "faint" }, ` ${p.kind === "user" ? p.key.replace("sip:", "") : p.kind}`)))
      : [h("li", { class: "faint" }, "Nobody found")]));
    this.list.hidden = false;
    this.input.setAttribute("aria-expanded", "true");
    this.mark();
    return undefined;
  }

  mark() {
    [...this.list.children].forEach((li, i) => li.setAttribute("aria-selected", String(i === this.at)));
    if (this.at >= 0) this.input.setAttribute("aria-activedescendant", `${this.list.id}-${this.at}`);
    else this.input.removeAttribute("aria-activedescendant");
  }

  take(i) {
    if (!this.found?.[i]) return;
    this.chosen.push(this.found[i]);
    this.input.value = "";
    this.close();
    this.draw();
  }

  close() {
    this.list.hidden = true;
    this.at = -1;
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
  }

  key(event) {
    if (this.list.hidden) return;
    const last = (this.found?.length ?? 0) - 1;
    if (event.key === "ArrowDown") this.at = Math.min(this.at + 1, last);
    else if (event.key === "ArrowUp") this.at = Math.max(this.at - 1, 0);
    else if (event.key === "Enter" && this.at >= 0) this.take(this.at);
    else if (event.key === "Escape") this.close();
    else return;
    event.preventDefault();
    if (!this.list.hidden) this.mark();
  }
}

/** Candidates for the lists of a room or of a category's rooms */
export const eligible = (where) => async (q) => (await get("principals", { q, limit: 20, ...where() })).items;
