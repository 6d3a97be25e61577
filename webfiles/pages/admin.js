// What administrators see and change.
import { h, said, apart, tell, form, field, choice, problem, whenOf } from "./dom.js";
import { get, getTagged, post, patch, put, remove } from "./api.js";
import { Picker } from "./picker.js";

const again = () => window.dispatchEvent(new Event("hashchange"));

function table(caption, heads, rows) {
  return h("div", { class: "wide" }, h("table", {}, h("caption", {}, caption),
    h("thead", {}, h("tr", {}, heads.map((text) => h("th", { scope: "col" }, text)))),
    h("tbody", {}, rows.map((cells) => h("tr", {}, cells.map((cell) => h("td", {}, typeof cell === "string" ? said(cell) : cell ?? "")))))));
}

const principals = async (q) => (await get("principals/all", { q, limit: 20 })).items;
const keyed = (keys = []) => keys.map((key) => ({ key, display: key.replace("sip:", "") }));

/* ------------------------------------------------------------ categories */

function categoryForm(category, send, label) {
  const lists = {
    allowed: new Picker("Allowed", keyed(category.allowed), principals, "Who may be in the rooms: people, groups, domains, folders."),
    denied: new Picker("Denied", keyed(category.denied), principals, "A denial beats everything: the wall between two houses."),
    creators: new Picker("Creators", keyed(category.creators), principals, "Who may make rooms; they must be allowed, too."),
  };
  const on = (name, text) => choice(text, name, "true", category[name] ?? true, "checkbox");
  return form({ class: "card" }, async (data) => send({
    name: data.get("name").trim(), description: data.get("description"),
    invitations: data.has("invitations"), files: data.has("files"), history: data.has("history"),
    retention_days: data.get("retention_days") ? Number(data.get("retention_days")) : null,
    allowed: lists.allowed.keys(), denied: lists.denied.keys(), creators: lists.creators.keys(),
  }),
  field("Name", h("input", { type: "text", name: "name", value: category.name ?? "", required: true, maxlength: "256" })),
  field("Description", h("input", { type: "text", name: "description", value: category.description ?? "", maxlength: "256" })),
  lists.allowed.node, lists.denied.node, lists.creators.node,
  h("fieldset", {}, h("legend", {}, "Rooms of this category"), on("invitations", "invite new members"), on("files", "take files"), on("history", "keep history")),
  field("Keep messages for days", h("input", { type: "number", name: "retention_days", min: "1", value: String(category.retention_days ?? "") }), "Empty: for ever. Messages under a hold stay."),
  h("p", {}, h("br"), h("button", { type: "submit", class: "first" }, label)));
}

async function categories({ query }) {
  const guid = query.get("edit");
  if (guid === "new")
    return [h("h1", {}, "New category"), categoryForm({}, async (body) => {
      await post("categories", body);
      tell("Category created.");
      location.hash = "/admin/categories";
    }, "Create the category")];
  if (guid) {
    const { value: category, tag } = await getTagged(`categories/${guid}`);
    return [h("h1", {}, `Category ${apart(category.name)}`), categoryForm(category, async (body) => {
      await patch(`categories/${guid}`, body, tag);
      tell("Category changed.");
      location.hash = "/admin/categories";
    }, "Save"), h("p", {}, h("button", { type: "button", class: "bad", disabled: category.rooms > 0, onclick: () =>
      remove(`categories/${guid}`, tag).then(() => { location.hash = "/admin/categories"; }, (e) => tell(e.message)) }, "Remove the category"),
    category.rooms > 0 && h("span", { class: "faint" }, ` It still holds ${category.rooms} rooms.`))];
  }
  const { items } = await get("categories");
  return [h("div", { class: "head" }, h("h1", {}, "Categories"), h("a", { class: "button first", href: "#/admin/categories?edit=new" }, "New category")),
    table("Who may be in which rooms", ["Name", "Allowed", "Denied", "Creators", "Rooms"], items.map((c) => [
      h("a", { href: `#/admin/categories?edit=${c.guid}` }, said(c.name)), c.allowed.join(", "), c.denied.join(", "), c.creators.join(", "), String(c.rooms)]))];
}

/* ------------------------------------------------------ people and policies */

async function users({ query }) {
  const q = query.get("q") || "";
  const [page, policies] = await Promise.all([get("users", { q, after: query.get("after") }), get("policies")]);
  const own = policies.items.filter((p) => p.scope === "user");
  const find = h("form", { class: "row", role: "search", "aria-label": "Users" },
    h("div", {}, h("label", { for: "user-q" }, "Find a user"), h("input", { id: "user-q", type: "search", name: "q", value: q })), h("button", { type: "submit" }, "Find"));
  find.addEventListener("submit", (event) => {
    event.preventDefault();
    location.hash = `/admin/users?q=${encodeURIComponent(new FormData(find).get("q"))}`;
  });
  const change = (user, body, said) => patch(`users/${user.guid}`, body).then(() => { tell(said); again(); }, (e) => tell(e.message));
  return [h("h1", {}, "Users"), find, h("br"),
    table("Users of the pool", ["Name", "Address", "May chat", "Policy", ""], page.items.map((u) => [
      u.display, u.uri.replace("sip:", ""), u.chat ? "yes" : "no",
      h("label", {}, h("span", { class: "hidden" }, `Policy of ${apart(u.display || u.uri)}`), h("select", { onchange: (e) => change(u, { policy: e.target.value || null }, "Policy granted.") },
        h("option", { value: "" }, "as the pool"), own.map((p) => h("option", { value: p.name, selected: p.name === u.policy }, p.name)))),
      h("button", { type: "button", onclick: () => change(u, { enabled: !u.enabled }, u.enabled ? "User disabled." : "User enabled.") }, u.enabled ? "Disable" : "Enable")])),
    page.next && h("p", {}, h("a", { class: "button", href: `#/admin/users?${new URLSearchParams({ q, after: page.next })}` }, "More users"))];
}

async function policies() {
  const { items } = await get("policies");
  return [h("h1", {}, "Policies"), h("p", { class: "faint" }, "The narrowest one that applies decides: user, pool, site, global."),
    table("Who may use Persistent Chat", ["Name", "Scope", "Description", "Chat", ""], items.map((p) => [
      p.name, p.scope, p.description, p.enable_chat ? "on" : "off",
      h("button", { type: "button", onclick: () => patch(`policies/${encodeURIComponent(p.name)}`, { enable_chat: !p.enable_chat })
        .then(() => { tell(`${apart(p.name)} changed.`); again(); }, (e) => tell(e.message)) }, p.enable_chat ? `Turn ${apart(p.name)} off` : `Turn ${apart(p.name)} on`)]))];
}

/* ------------------------------------------------------------ the pool */

/** A setting as it is, or that there could be */
function setting(known, set) {
  const change = (send, said) => send.then(() => { tell(said); again(); }, (e) => tell(e.message));
  const value = h("input", { type: "text", "aria-label": `Value of ${known.key}`, value: set?.value ?? "", inputmode: known.type === "number" ? "numeric" : "text" });
  return [h("span", {}, known.key, h("p", { class: "hint" }, known.help)), value, set ? h("span", {}, set.updated_by, " ", whenOf(set.updated_on)) : "as the processes' files say",
    h("div", { class: "tools" },
      h("button", { type: "button", "aria-label": `Set ${known.key}`, onclick: () => change(put(`config/${known.key}`, { value: value.value }), `${known.key} is now in effect.`) }, "Set"),
      set && h("button", { type: "button", "aria-label": `Forget ${known.key}`, onclick: () => change(remove(`config/${known.key}`), `${known.key} is as the files say.`) }, "Forget"))];
}

async function pool() {
  const [state, config] = await Promise.all([get("pool"), get("config")]);
  const set = Object.fromEntries(state.settings.map((s) => [s.key, s]));
  return [h("h1", {}, "Pool"),
    h("p", {}, `${state.users} users, ${state.rooms} rooms, ${state.messages} messages, ${state.participants} participants now.`),
    table("Processes", ["Name", "State", "Clients", "Since"], state.instances.map((i) => [i.name, i.state, String(i.endpoints), whenOf(i.started_on)])),
    table("Settings", ["Name", "Value", "Set by", "Change"], config.items.map((known) => setting(known, set[known.key])))];
}

/* ------------------------------------------------------------- add-ins */

function addinForm(addin, send, label) {
  return form({ class: "card" }, (data) => send({ name: data.get("name").trim(), url: data.get("url").trim() }),
    field("Name", h("input", { type: "text", name: "name", value: addin.name ?? "", required: true, maxlength: "256" })),
    field("Address", h("input", { type: "url", name: "url", value: addin.url ?? "", required: true, placeholder: "https://" }), "The page that clients show beside the room."),
    h("p", {}, h("br"), h("button", { type: "submit", class: "first" }, label)));
}

async function addins({ query }) {
  const guid = query.get("edit");
  const done = (said) => { tell(said); location.hash = "/admin/addins"; };
  if (guid === "new")
    return [h("h1", {}, "New add-in"), addinForm({}, (body) => post("addins", body).then(() => done("Add-in created.")), "Create the add-in")];
  if (guid) {
    const { value: addin, tag } = await getTagged(`addins/${guid}`);
    return [h("h1", {}, `Add-in ${apart(addin.name)}`), addinForm(addin, (body) => patch(`addins/${guid}`, body, tag).then(() => done("Add-in changed.")), "Save"),
      h("p", {}, h("button", { type: "button", class: "bad", disabled: addin.rooms > 0, onclick: () =>
        remove(`addins/${guid}`, tag).then(() => done("Add-in removed."), (e) => tell(e.message)) }, "Remove the add-in"),
      addin.rooms > 0 && h("span", { class: "faint" }, ` ${addin.rooms} rooms show it.`))];
  }
  const { items } = await get("addins");
  return [h("div", { class: "head" }, h("h1", {}, "Add-ins"), h("a", { class: "button first", href: "#/admin/addins?edit=new" }, "New add-in")),
    items.length ? table("Pages beside rooms", ["Name", "Address"], items.map((a) => [h("a", { href: `#/admin/addins?edit=${a.guid}` }, said(a.name)), a.url]))
      : h("p", { class: "empty" }, "There are no add-ins.")];
}

/* --------------------------------------------------------------- holds */

async function holds() {
  const { items } = await get("holds");
  return [h("h1", {}, "Holds"), h("p", { class: "faint" }, "Messages and files under a hold cannot be removed. Operators set and lift holds with pchatctl hold."),
    items.length ? table("Holds, those in force first", ["Name", "On", "Set by", "", "Lifted"], items.map((x) => [
      x.name, x.room ?? x.user?.replace("sip:", ""), x.set_by, whenOf(x.set_on), x.lifted_on && h("span", {}, x.lifted_by ?? "", " ", whenOf(x.lifted_on))]))
      : h("p", { class: "empty" }, "There are no holds.")];
}

/* --------------------------------------------------------------- audit */

async function audit({ query }) {
  const q = query.get("q") || "";
  const page = await get("audit", { q, before: query.get("before") });
  const find = h("form", { class: "row", role: "search", "aria-label": "Audit" },
    h("div", {}, h("label", { for: "audit-q" }, "Who, what or on what"), h("input", { id: "audit-q", type: "search", name: "q", value: q })), h("button", { type: "submit" }, "Find"));
  find.addEventListener("submit", (event) => {
    event.preventDefault();
    location.hash = `/admin/audit?q=${encodeURIComponent(new FormData(find).get("q"))}`;
  });
  return [h("h1", {}, "Audit"), find, h("br"),
    table("What administrators did, the newest first", ["When", "Who", "What", "On what", "Detail"], page.items.map((a) => [
      whenOf(a.ts), a.actor.replace("sip:", ""), a.action, a.object, a.detail && h("code", {}, JSON.stringify(a.detail))])),
    page.next && h("p", {}, h("a", { class: "button", href: `#/admin/audit?${new URLSearchParams({ q, before: page.next })}` }, "Earlier"))];
}

/* ---------------------------------------------------------- compliance */

async function compliance() {
  const state = await get("compliance");
  if (!state.enabled) return [h("h1", {}, "Compliance"), h("p", { class: "empty" }, "Compliance is off: nothing is archived.")];
  return [h("h1", {}, "Compliance"),
    state.closed && problem("The archive is too far behind: posts are refused."),
    h("p", {}, state.oldest ? h("span", {}, "The oldest event that is not archived is from ", whenOf(state.oldest), ".") : "Everything is archived.",
      ` ${state.waiting} events wait to be handed over.`),
    table("Daemons", ["Name", "Since", "Until"], state.daemons.map((d) => [d.name, whenOf(d.started_on), whenOf(d.lease_until)]))];
}

const parts = { categories: ["Categories", categories], users: ["Users", users], policies: ["Policies", policies], addins: ["Add-ins", addins], pool: ["Pool", pool], compliance: ["Compliance", compliance], holds: ["Holds", holds], audit: ["Audit", audit] };

export async function administration(where) {
  const name = parts[where.args[0]] ? where.args[0] : "categories";
  if (!where.me.admin) throw new Error("These pages are for administrators.");
  return {
    title: parts[name][0],
    content: [h("nav", { class: "main-nav", "aria-label": "Administration" }, Object.entries(parts).map(([key, [text]]) =>
      h("a", { href: `#/admin/${key}`, "aria-current": key === name ? "page" : null }, text))), h("br"), ...await parts[name][1](where)],
  };
}
