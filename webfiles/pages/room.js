// One room: what was said, who is there, files.
import { h, said, apart, tell, form, item, dayOf, timeOf } from "./dom.js";
import { get, getTagged, post, patch, put, remove, upload } from "./api.js";
import { tags } from "./rooms.js";

const POLL_MS = 5000;
const LINK = /ma-filelink:\/\/[^/\s]+\/([0-9a-f-]{36})\/([0-9a-f-]{36}(?:\.\w+)?)(?:\?name=(\S+))?/;
const WEB = /(https?:\/\/[^\s<>"]+)/;

/** The name in a file's link; as it was written, if it is not well-formed */
function nameOf(written, file) {
  if (!written) return file;
  try {
    return decodeURIComponent(written);
  } catch {
    return written;
  }
}

/** Text with links to pages and files; everything else stays text */
export function rich(text) {
  const file = LINK.exec(text);
  if (file) {
    const name = nameOf(file[3], file[2]);
    return [text.slice(0, file.index),
      h("a", { href: `/api/v1/rooms/${file[1]}/files/${file[2]}`, download: name }, said(name)),
      ...rich(text.slice(file.index + file[0].length))];
  }
  return text.split(WEB).map((part, i) => (i % 2 ? h("a", { href: part, rel: "noreferrer", target: "_blank" }, part) : part));
}

function entry(message) {
  return h("li", { class: [message.alert && "alert", message.story && "story"].filter(Boolean).join(" "), "data-id": message.id },
    said(message.author.display || message.author.uri, { class: "by" }), timeOf(message.ts),
    message.alert && h("span", { class: "hidden" }, " important"),
    h("div", { class: "text", dir: "auto" }, rich(message.text)));
}

/** Entries with a line where a day begins */
function entries(messages, last) {
  const nodes = [];
  for (const message of messages) {
    const day = dayOf(message.ts);
    if (day !== last) nodes.push(h("li", { class: "day" }, day));
    last = day;
    nodes.push(item(entry, message, message.text));
  }
  return nodes;
}

class Talk {
  constructor(guid, messages, older) {
    this.guid = guid;
    this.newest = messages.at(-1)?.id ?? 0;
    this.lastDay = messages.length ? dayOf(messages.at(-1).ts) : null;
    this.older = older;
    this.told = 0;
    this.list = h("ol", { class: "said", "aria-label": "Messages" }, entries(messages, null));
    this.more = h("button", { type: "button", onclick: () => this.back() }, "Earlier messages");
    this.more.hidden = !older;
    this.node = h("div", { class: "card scroll", tabindex: "0", role: "region", "aria-label": "History" }, this.more, this.list);
  }

  async back() {
    const page = await get(`rooms/${this.guid}/messages`, { before: this.older });
    this.older = page.next;
    this.more.hidden = !page.next;
    this.list.prepend(...entries(page.items, null));
  }

  async forward() {
    const atEnd = this.node.scrollHeight - this.node.scrollTop - this.node.clientHeight < 40;
    const page = await get(`rooms/${this.guid}/messages`, { after: this.newest });
    if (!page.items.length) return;
    this.list.append(...entries(page.items, this.lastDay));
    this.newest = page.items.at(-1).id;
    this.lastDay = dayOf(page.items.at(-1).ts);
    if (atEnd) this.node.scrollTop = this.node.scrollHeight;
  }

  /** What is shown is read, when somebody looks */
  async seen() {
    if (document.hidden || this.newest <= this.told) return;
    this.told = this.newest;
    await put(`rooms/${this.guid}/read`, { id: this.newest }).catch(() => {});
  }
}

function sayForm(guid, talk, files) {
  const text = h("textarea", { id: "say", name: "text", rows: 2, required: true });
  text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      node.requestSubmit();
    }
  });
  const pick = h("input", { type: "file", id: "file", class: "hidden", onchange: async () => {
    if (!pick.files[0]) return;
    tell(`Uploading ${apart(pick.files[0].name)} …`);
    try {
      await upload(guid, pick.files[0]);
      await talk.forward();
      tell(`${apart(pick.files[0].name)} is in the room.`);
    } catch (error) {
      tell(error.message);
    }
    pick.value = "";
  } });
  const node = form({ class: "say" }, async (data) => {
    if (!data.get("text").trim()) return;
    await post(`rooms/${guid}/messages`, { text: data.get("text"), alert: data.get("alert") === "true" });
    node.reset();
    text.focus();
    await talk.forward();
  },
  h("label", { for: "say" }, "Say something"), text,
  h("div", { class: "tools" }, h("button", { type: "submit", class: "first" }, "Send"),
    h("label", { class: "inline" }, h("input", { type: "checkbox", name: "alert", value: "true" }), "Important"),
    files && [pick, h("label", { class: "button inline", for: "file" }, "Attach a file")]));
  return node;
}

async function change(guid, tag, body, said) {
  await patch(`rooms/${guid}`, body, tag);
  tell(said);
  window.dispatchEvent(new Event("hashchange"));
}

function tools(room, tag) {
  const again = () => window.dispatchEvent(new Event("hashchange"));
  return h("div", { class: "tools" },
    h("button", { type: "button", "aria-pressed": String(room.followed), onclick: async () => {
      if (room.followed) await remove(`rooms/${room.guid}/follow`);
      else await put(`rooms/${room.guid}/follow`);
      again();
    } }, room.followed ? "Following" : "Follow"),
    room.may.change && h("a", { class: "button", href: `#/rooms/${room.guid}/edit` }, "Edit"),
    room.may.change && h("button", { type: "button", class: room.disabled ? "" : "bad", onclick: () =>
      change(room.guid, tag, { disabled: !room.disabled }, room.disabled ? "Room enabled." : "Room disabled.").catch((e) => tell(e.message)),
    }, room.disabled ? "Enable" : "Disable"));
}

function people(list) {
  return list.length ? h("ul", { class: "people" }, list.map((one) => item((p) =>
    h("li", {}, said(p.display || p.uri), p.manager && h("span", { class: "faint" }, " · manager")), one, one?.uri))) : h("p", { class: "faint" }, "Nobody is here now.");
}

export async function room({ args: [guid], stale }) {
  const { value: it, tag } = await getTagged(`rooms/${guid}`);
  const reads = it.may.read;
  const [history, roster] = reads ? await Promise.all([get(`rooms/${guid}/messages`), get(`rooms/${guid}/participants`)]) : [null, null];
  const talk = reads && new Talk(guid, history.items, history.next);
  const present = h("div", {}, reads && people(roster.items));

  if (talk) {
    const poll = async () => {
      if (stale() || !talk.node.isConnected) return;
      await talk.forward().catch(() => {});
      talk.seen();
      present.replaceChildren(people((await get(`rooms/${guid}/participants`).catch(() => roster)).items));
      setTimeout(poll, POLL_MS);
    };
    setTimeout(poll, POLL_MS);
    talk.seen();
    requestAnimationFrame(() => requestAnimationFrame(() => { talk.node.scrollTop = talk.node.scrollHeight; }));
  }

  const speaks = reads && (it.type === "normal" || it.role.presenter);
  return {
    title: it.name,
    content: [
      h("div", { class: "head" },
        h("div", {}, h("h1", {}, said(it.name)), h("p", { class: "faint" }, said(it.description)), h("div", { class: "tools" }, tags(it), said(it.category.name, { class: "faint" }))),
        tools(it, tag)),
      reads ? h("div", { class: "room" },
        h("section", {}, talk.node,
          !it.history && h("p", { class: "faint" }, "This room keeps no history."),
          speaks ? sayForm(guid, talk, it.files) : h("p", { class: "faint" }, "Presenters speak in this room.")),
        h("aside", { class: "card" }, h("h2", {}, "In the room"), present,
          it.addin && h("p", {}, h("a", { href: it.addin.url, rel: "noreferrer", target: "_blank" }, said(it.addin.name)))))
        : h("p", { class: "empty" }, it.disabled ? "This room is disabled." : "Only members can read this room."),
    ],
  };
}
