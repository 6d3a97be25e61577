// The frame: who is signed in, where we are, what is shown there.
import { h, said, show, field, form, problem } from "./dom.js";
import { whoami, signIn, signOut } from "./api.js";
import { rooms, invitations } from "./rooms.js";
import { room } from "./room.js";
import { editRoom, newRoom } from "./edit.js";
import { search } from "./search.js";
import { administration } from "./admin.js";

const GUID = "[0-9a-f-]{36}";

const routes = [
  [/^\/rooms$/, rooms],
  [/^\/rooms\/new$/, newRoom],
  [new RegExp(`^/rooms/(${GUID})$`), room],
  [new RegExp(`^/rooms/(${GUID})/edit$`), editRoom],
  [/^\/invitations$/, invitations],
  [/^\/search$/, search],
  [/^\/admin(?:\/(\w+))?$/, administration],
];

let me = null;
let turn = 0;

function navigation(path) {
  const links = [["/rooms", "Rooms"], ["/invitations", "Invitations"]];
  if (me.admin) links.push(["/admin", "Administration"]);
  document.querySelector(".main-nav").replaceChildren(...links.map(([to, text]) =>
    h("a", { href: `#${to}`, "aria-current": path.startsWith(to) ? "page" : null }, text)));
  document.querySelector(".who").replaceChildren(
    said(me.display || me.uri.replace("sip:", "")),
    h("button", { type: "button", onclick: leave }, "Sign out"));
}

async function leave() {
  await signOut().catch(() => {});
  location.hash = "";
  me = null;
  welcome();
}

function welcome() {
  document.querySelector(".top").hidden = true;
  const name = h("input", { type: "text", name: "user", autocomplete: "username", required: true });
  show("Sign in", h("div", { class: "card narrow" },
    h("h1", {}, "Persistent Chat"),
    form({}, async (data) => {
      me = await signIn(data.get("user"), data.get("password"));
      await go();
    },
    field("User", name, "As in your chat client, for example ada@example.net"),
    field("Password", h("input", { type: "password", name: "password", autocomplete: "current-password", required: true })),
    h("p", {}, h("br"), h("button", { type: "submit", class: "first" }, "Sign in")))));
  name.focus();
}

/** Shows what the address says; what is slower than the next step is dropped */
async function go() {
  if (!me) return welcome();
  const [path, query] = (location.hash.slice(1) || "/rooms").split("?");
  const mine = ++turn;
  document.querySelector(".top").hidden = false;
  navigation(path);
  for (const [pattern, view] of routes) {
    const found = pattern.exec(path);
    if (!found) continue;
    try {
      const page = await view({ args: found.slice(1), query: new URLSearchParams(query), me, stale: () => mine !== turn });
      if (mine === turn && page) show(page.title, page.content);
    } catch (error) {
      if (mine === turn && me) show("Not possible", h("h1", {}, "Not possible"), problem(error.message),
        h("p", {}, h("a", { href: "#/rooms" }, "To the rooms")));
    }
    return undefined;
  }
  location.replace("#/rooms");
  return undefined;
}

document.querySelector(".find").addEventListener("submit", (event) => {
  event.preventDefault();
  location.hash = `/search?q=${encodeURIComponent(new FormData(event.target).get("q"))}`;
});
window.addEventListener("hashchange", go);
window.addEventListener("signed-out", () => { me = null; welcome(); });

try {
  me = await whoami();
  await go();
} catch (error) {
  show("Not available", h("div", { class: "narrow" }, problem(error.message)));
}
