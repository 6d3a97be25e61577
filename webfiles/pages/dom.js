// Elements made by hand: text stays text, so nothing that people write is ever
// taken for markup.

const WRITTEN = new Set(["input", "textarea", "option"]);

/** h("a", { href: "#/", class: "x", onclick: f }, "text", child, ...) */
export function h(name, attrs = {}, ...children) {
  const node = document.createElement(name);
  if (WRITTEN.has(name)) node.dir = "auto";
  for (const [key, value] of Object.entries(attrs ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (key in node && typeof value !== "string") node[key] = value;
    else node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.flat().filter((c) => c !== null && c !== undefined && c !== false));
  return node;
}

/** What somebody wrote or is called, by itself: whichever way it is written,
 *  and whatever it says of that, the text around it stays as it is */
export const said = (text, attrs = {}) => h("bdi", attrs, text);

const TURNS = /[\u0590-\u08ff\u200e\u200f\u202a-\u202e\u2066-\u2069\ufb1d-\ufdff\ufe70-\ufefe\ud802\ud803\ud83a\ud83b]/;

/** The same within a sentence or an attribute (FSI, PDI) */
export const apart = (text) => (TURNS.test(text) ? `\u2068${text.replace(/[\u2066-\u2069]/g, "")}\u2069` : text);

/** The page's content; its heading is told and gets the focus */
export function show(title, ...children) {
  const main = document.getElementById("main");
  document.title = `${apart(title)} – Persistent Chat`;
  main.replaceChildren(...children.flat().filter(Boolean));
  main.focus();
  window.scrollTo(0, 0);
}

let statusTimer;

/** A short sentence that screen readers hear */
export function tell(text) {
  const node = document.getElementById("status");
  node.textContent = text;
  node.classList.add("on");
  clearTimeout(statusTimer);
  statusTimer = setTimeout(() => node.classList.remove("on"), 4000);
}

/** What went wrong, where it went wrong */
export function problem(text) {
  return h("p", { class: "problem", role: "alert" }, text);
}

let ids = 0;

/** A label with its field */
export function field(label, input, hint) {
  input.id ||= `field-${++ids}`;
  const about = hint ? h("p", { class: "hint", id: `${input.id}-hint` }, hint) : null;
  if (about) input.setAttribute("aria-describedby", about.id);
  return h("div", {}, h("label", { for: input.id }, label), input, about);
}

export function choice(label, name, value, checked, type = "radio") {
  return h("label", { class: "inline" }, h("input", { type, name, value, checked }), label);
}

export function select(name, options, value) {
  return h("select", { name }, options.map(([key, text]) => h("option", { value: key, selected: key === value }, text)));
}

const day = new Intl.DateTimeFormat(undefined, { dateStyle: "full" });
const minute = new Intl.DateTimeFormat(undefined, { timeStyle: "short" });
const both = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

/** A time that is none stays what it is, as text */
function shown(format, ts) {
  const date = new Date(ts);
  return Number.isNaN(date.getTime()) ? String(ts) : format.format(date);
}

export const dayOf = (ts) => shown(day, ts);
export const timeOf = (ts) => h("time", { datetime: ts, title: ts }, shown(minute, ts));
export const whenOf = (ts) => h("time", { datetime: ts, title: ts }, shown(both, ts));

/** An item of a list that people write: what cannot be shown as it is meant is
    shown as text, and the rest of the list is none the worse */
export function item(make, value, text) {
  try {
    return make(value);
  } catch {
    return h("li", { class: "faint" }, String(text ?? ""));
  }
}

/** Shows a form's errors and keeps it from being sent twice */
export function form(attrs, send, ...children) {
  const node = h("form", { ...attrs, novalidate: true }, ...children);
  node.addEventListener("submit", async (event) => {
    event.preventDefault();
    const buttons = node.querySelectorAll("button[type=submit]");
    node.querySelector(".problem")?.remove();
    buttons.forEach((b) => { b.disabled = true; });
    try {
      await send(new FormData(node), node);
    } catch (error) {
      node.prepend(problem(error.message));
      node.querySelector(".problem").scrollIntoView({ block: "nearest" });
    }
    buttons.forEach((b) => { b.disabled = false; });
  });
  return node;
}
