// Lists of rooms.
import { h, said, apart, item, whenOf } from "./dom.js";
import { get } from "./api.js";

const views = [["all", "All rooms"], ["followed", "Followed"], ["mine", "Member of"], ["managed", "Managed by me"]];

export function tags(room) {
  const list = [];
  if (room.unread) list.push(h("span", { class: "tag strong" }, `${room.unread} unread`));
  if (room.disabled) list.push(h("span", { class: "tag off" }, "disabled"));
  if (room.privacy !== "open") list.push(h("span", { class: "tag" }, room.privacy));
  if (room.type === "auditorium") list.push(h("span", { class: "tag" }, "auditorium"));
  if (room.role.manager) list.push(h("span", { class: "tag" }, "manager"));
  return list;
}

export function roomItem(room, extra) {
  return h("li", {},
    h("a", { class: "title", href: `#/rooms/${room.guid}` }, said(room.name)), tags(room),
    h("span", { class: "end faint" }, room.participants === 1 ? "1 participant" : `${room.participants} participants`),
    h("span", { class: "rest" }, extra ?? [said(room.category.name), room.description && [" · ", said(room.description)]].flat()));
}

export async function rooms({ query }) {
  const view = query.get("view") || "all";
  const q = query.get("q") || "";
  const page = await get("rooms", { view, q, after: query.get("after") });
  const link = (more) => `#/rooms?${new URLSearchParams({ view, ...(q && { q }), ...more })}`;

  const find = h("form", { class: "row", role: "search", "aria-label": "Rooms" },
    h("div", {}, h("label", { for: "room-q" }, "Find a room"), h("input", { id: "room-q", type: "search", name: "q", value: q })),
    h("button", { type: "submit" }, "Find"));
  find.addEventListener("submit", (event) => {
    event.preventDefault();
    location.hash = link({ q: new FormData(find).get("q") }).slice(1);
  });

  return {
    title: "Rooms",
    content: [
      h("div", { class: "head" }, h("h1", {}, "Rooms"), h("a", { class: "button first", href: "#/rooms/new" }, "New room")),
      h("nav", { class: "main-nav", "aria-label": "Which rooms" }, views.map(([key, text]) =>
        h("a", { href: `#/rooms?${new URLSearchParams({ view: key, ...(q && { q }) })}`, "aria-current": key === view ? "true" : null }, text))),
      find, h("br"),
      page.items.length ? h("ul", { class: "list" }, page.items.map((one) => item((r) => roomItem(r), one, one?.name)))
        : h("p", { class: "empty" }, q ? `No room has “${apart(q)}” in its name or description.` : "There are no rooms here."),
      page.next && h("p", {}, h("a", { class: "button", href: link({ after: page.next }) }, "More rooms")),
    ],
  };
}

export async function invitations() {
  const { items } = await get("invitations");
  return {
    title: "Invitations",
    content: [
      h("h1", {}, "Invitations"),
      h("p", { class: "faint" }, "Rooms that you were made a member of."),
      items.length ? h("ul", { class: "list" }, items.map((one) => item((i) => roomItem(i.room, [said(i.room.description), " ", whenOf(i.created_on)]), one, one?.room?.name)))
        : h("p", { class: "empty" }, "No invitations."),
    ],
  };
}
