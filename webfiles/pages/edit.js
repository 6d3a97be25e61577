// A room made or changed.
import { h, apart, tell, form, field, choice, select } from "./dom.js";
import { get, getTagged, post, patch, remove } from "./api.js";
import { Picker, eligible } from "./picker.js";

const empty = { name: "", description: "", privacy: "closed", type: "normal", addin: null, inherits_invitations: true, members: [], managers: [], presenters: [] };

function fields(room, categories, addins, where) {
  const lists = {
    members: new Picker("Members", room.members, eligible(where), "Who may enter. An open room needs none."),
    managers: new Picker("Managers", room.managers, eligible(where), "Who may change the room. Managing is not being a member."),
    presenters: new Picker("Presenters", room.presenters, eligible(where), "Who may speak in an auditorium; they must be members."),
  };
  const presenters = lists.presenters.node;
  const type = h("fieldset", { onchange: (e) => { presenters.hidden = e.target.value !== "auditorium"; } },
    h("legend", {}, "Type"),
    choice("Normal: everybody speaks", "type", "normal", room.type === "normal"),
    choice("Auditorium: presenters speak", "type", "auditorium", room.type === "auditorium"));
  presenters.hidden = room.type !== "auditorium";

  return { lists, nodes: [
    field("Name", h("input", { type: "text", name: "name", value: room.name, required: true, maxlength: "256" })),
    field("Description", h("textarea", { name: "description", maxlength: "256" }, room.description)),
    field("Category", select("category", categories.map((c) => [c.guid, c.name]), room.category?.guid), "Says who may be in the room at all."),
    h("fieldset", {}, h("legend", {}, "Privacy"),
      choice("Open: everybody of the category may enter", "privacy", "open", room.privacy === "open"),
      choice("Closed: everybody may find it, members enter", "privacy", "closed", room.privacy === "closed"),
      choice("Secret: only members know of it", "privacy", "secret", room.privacy === "secret")),
    type,
    lists.members.node, lists.managers.node, presenters,
    h("fieldset", {}, h("legend", {}, "Invitations"),
      choice("As the category says", "invitations", "true", room.inherits_invitations),
      choice("None", "invitations", "false", !room.inherits_invitations)),
    field("Add-in", select("addin", [["", "None"], ...addins.map((a) => [a.guid, a.name])], room.addin?.guid ?? "")),
  ] };
}

function body(data, lists) {
  return {
    name: data.get("name").trim(),
    description: data.get("description"),
    category: data.get("category"),
    privacy: data.get("privacy"),
    type: data.get("type"),
    addin: data.get("addin") || null,
    invitations: data.get("invitations") === "true",
    members: lists.members.keys(),
    managers: lists.managers.keys(),
    presenters: data.get("type") === "auditorium" ? lists.presenters.keys() : [],
  };
}

async function choices() {
  const [categories, addins] = await Promise.all([get("categories"), get("addins")]);
  return [categories.items, addins.items];
}

export async function newRoom({ me }) {
  const [categories, addins] = await choices();
  const mine = categories.filter((c) => c.may.create);
  if (!mine.length)
    return { title: "New room", content: [h("h1", {}, "New room"), h("p", { class: "empty" }, "You are not a creator in any category. An administrator can make you one.")] };

  let node;
  const start = { ...empty, managers: [{ key: me.uri, display: me.display, kind: "user" }] };
  const { lists, nodes } = fields(start, mine, addins, () => ({ category: node.elements.category.value }));
  node = form({ class: "card" }, async (data) => {
    const made = await post("rooms", body(data, lists));
    tell(`${apart(made.name)} created.`);
    location.hash = `/rooms/${made.guid}`;
  }, nodes, h("p", {}, h("br"), h("button", { type: "submit", class: "first" }, "Create the room"), " ",
    h("a", { class: "button", href: "#/rooms" }, "Cancel")));
  return { title: "New room", content: [h("h1", {}, "New room"), h("br"), node] };
}

export async function editRoom({ args: [guid] }) {
  const [{ value: room, tag }, [categories, addins]] = await Promise.all([getTagged(`rooms/${guid}`), choices()]);
  const { lists, nodes } = fields(room, categories.filter((c) => c.may.create || c.guid === room.category.guid), addins, () => ({ room: guid }));
  const node = form({ class: "card" }, async (data) => {
    await patch(`rooms/${guid}`, body(data, lists), tag);
    tell("Room changed.");
    location.hash = `/rooms/${guid}`;
  }, nodes, h("p", {}, h("br"), h("button", { type: "submit", class: "first" }, "Save"), " ",
    h("a", { class: "button", href: `#/rooms/${guid}` }, "Cancel"), " ",
    room.may.delete && h("button", { type: "button", class: "bad", onclick: async () => {
      if (!confirm(`Remove ${apart(room.name)}? Its messages can no longer be found.`)) return;
      await remove(`rooms/${guid}`, tag).then(() => { tell("Room removed."); location.hash = "/rooms"; }, (e) => tell(e.message));
    } }, "Remove the room")));
  return { title: `Edit ${apart(room.name)}`, content: [h("h1", {}, `Edit ${apart(room.name)}`), h("br"), node] };
}
