// Messages found by words, author and time.
import { h, said, item, field, select, whenOf } from "./dom.js";
import { get } from "./api.js";
import { rich } from "./room.js";

const names = ["q", "match", "author", "from", "to", "case"];

function result(message) {
  return h("li", {},
    h("a", { class: "title", href: `#/rooms/${message.room.guid}` }, said(message.room.name)),
    said(message.author.display || message.author.uri), h("span", { class: "end faint" }, whenOf(message.ts)),
    h("span", { class: "rest", dir: "auto" }, rich(message.text)));
}

export async function search({ query }) {
  const now = Object.fromEntries(names.map((name) => [name, query.get(name) ?? ""]));
  const asked = now.q || now.author;
  const author = now.author && !now.author.includes(":") ? `sip:${now.author}` : now.author;
  const found = asked && await get("search", { ...now, author, match: now.match || "all", to: now.to && `${now.to}T23:59:59Z`, limit: 100 });

  const ask = h("form", { class: "card", role: "search", "aria-label": "Messages by words, author and time" },
    field("Words", h("input", { type: "search", name: "q", value: now.q })),
    h("div", { class: "row" },
      field("Find", select("match", [["all", "all words"], ["any", "any word"], ["phrase", "this very phrase"]], now.match || "all")),
      field("Author", h("input", { type: "text", name: "author", value: now.author, placeholder: "ada@example.net" })),
      field("From", h("input", { type: "date", name: "from", value: now.from })),
      field("To", h("input", { type: "date", name: "to", value: now.to }))),
    h("label", { class: "inline" }, h("input", { type: "checkbox", name: "case", value: "true", checked: now.case === "true" }), "Match case"),
    h("p", {}, h("button", { type: "submit", class: "first" }, "Search")));
  ask.addEventListener("submit", (event) => {
    event.preventDefault();
    location.hash = `/search?${new URLSearchParams([...new FormData(ask)].filter(([, value]) => value))}`;
  });

  return {
    title: "Search",
    content: [
      h("h1", {}, "Search messages"), h("br"), ask,
      found && h("h2", {}, found.items.length === 1 ? "One message" : `${found.items.length} messages${found.more ? ", and more" : ""}`),
      found && (found.items.length ? h("ul", { class: "list" }, found.items.map((m) => item(result, m, m?.text)))
        : h("p", { class: "empty" }, "Nothing was found in the rooms that you may read.")),
    ],
  };
}
