// The pages in headless Chromium, on a private pool of two channel processes
// and two of the web service.  Waits for what is to come, never for time.
"use strict";
const assert = require("node:assert/strict");
const { readFileSync } = require("node:fs");
const { Person, Pool } = require("./pool.js");
const { LIMIT_MS, SHOTS, accessible, fits, launch, open, shot, sound, tabTo, titled, visit, weigh } = require("./browser.js");

const user = (name, display) => ({ uri: `sip:${name}@example.net`, display, email: `${name}@example.net`, password: `${name}-pw`, enabled: true });

const DATA = {
  users: [user("ada", "Ada Byron"), user("bob", "Bob Ritter"), user("cleo", "Cleo Martin"), user("root", "Root"), user("dan", "\u05d3\u05d5\u05d3 (7)")],
  groups: [{ name: "engineers", members: ["sip:ada@example.net", "sip:bob@example.net"] }],
  categories: [{ name: "Company", description: "Everybody of the house", allowed: ["domain:example.net"], creators: ["group:engineers"] }],
  rooms: [
    { name: "Lobby", category: "Company", description: "Open to all", privacy: "open", managers: ["sip:cleo@example.net"] },
    { name: "All hands", category: "Company", description: "Presenters speak, others read", privacy: "open", type: "auditorium",
      managers: ["sip:cleo@example.net"], presenters: ["sip:cleo@example.net"] },
    { name: "Vault", category: "Company", description: "Not to be seen", privacy: "secret", members: ["sip:cleo@example.net"], managers: ["sip:cleo@example.net"] },
  ],
};

const ROOM = "Launch <b>plan</b>";
const PAGES = [
  ["#/rooms", "Rooms"], ["#/rooms?view=mine", "Rooms"], ["#/rooms/new", "New room"], ["#/invitations", "Invitations"],
  ["#/search?q=hello", "Search"], ["#/search", "Search"],
];
const ADMIN = [
  ["#/admin/categories", "Categories"], ["#/admin/categories?edit=new", "Categories"], ["#/admin/users", "Users"],
  ["#/admin/policies", "Policies"], ["#/admin/pool", "Pool"], ["#/admin/compliance", "Compliance"],
  ["#/admin/addins", "Add-ins"], ["#/admin/addins?edit=new", "Add-ins"], ["#/admin/holds", "Holds"], ["#/admin/audit", "Audit"],
];

const at = {};          // what the steps tell each other

async function signIn(page, url, name) {
  await page.goto(`${url}/`);
  await page.fill("input[name=user]", name);
  await page.fill("input[name=password]", `${name}-pw`);
  await page.click("button[type=submit]");
  await titled(page, "Rooms");
}

const steps = {
  async "signing in with the keyboard alone"() {
    const page = at.ada = await open(at.browser);
    const weight = await weigh(page, () => page.goto(`${at.url}/`));
    console.log(`  the first view: ${weight.requests} requests, ${weight.bytes} bytes`);
    assert.ok(weight.requests <= 20 && weight.bytes <= 100000);
    await titled(page, "Sign in");
    assert.equal(await page.evaluate(() => document.activeElement.name), "user");
    await page.keyboard.type("ada");
    await page.keyboard.press("Tab");
    await page.keyboard.type("not her password");
    await page.keyboard.press("Enter");
    await page.waitForSelector("[role=alert]");
    await shot(page, "refused");
    await accessible(page, "sign in");

    await page.fill("input[name=password]", "ada-pw");
    await tabTo(page, "button[type=submit]");
    await page.keyboard.press("Enter");
    await titled(page, "Rooms");
    assert.deepEqual(await page.locator("a.title").allTextContents(), ["All hands", "Lobby"]);
    await shot(page, "rooms");
    const cookie = (await page.context().cookies()).find((c) => c.name === "__Host-pchat");
    assert.ok(cookie.httpOnly && cookie.secure && cookie.sameSite === "Strict" && cookie.name === "__Host-pchat");
    assert.equal(await page.evaluate(() => document.cookie), "");
  },

  async "a closed room with a member, by keyboard"() {
    const page = at.ada;
    await tabTo(page, "a[href='#/rooms/new']");
    await page.keyboard.press("Enter");
    await titled(page, "New room");
    await tabTo(page, "input[name=name]");
    await page.keyboard.type(ROOM);
    await tabTo(page, "[role=combobox]");
    await page.keyboard.type("ritter");
    await page.waitForSelector("[role=option]");
    await shot(page, "picker");
    await accessible(page, "picker");
    await page.keyboard.press("Enter");
    await page.waitForSelector(".picked >> text=Bob Ritter");
    await page.getByRole("radio", { name: /^Closed/ }).isChecked().then(assert.ok);
    await tabTo(page, "button[type=submit]");
    await page.keyboard.press("Enter");
    await titled(page, ROOM);
    at.guid = (await page.evaluate(() => location.hash)).split("/")[2];
    at.room = `ma-chan://example.net/${at.guid}`;
  },

  async "making is not being a member: she makes herself one"() {
    const page = at.ada;
    await page.waitForSelector("text=Only members can read this room.");
    await page.click("text=Edit");
    await titled(page, "Edit");
    await page.getByRole("combobox", { name: "Members" }).fill("byron");
    await page.getByRole("option", { name: /Ada Byron/ }).click();
    await page.click("button[type=submit]");
    await page.waitForSelector("#say");
    await shot(page, "room-empty");
  },

  async "the member joins over SIP and is seen, and heard"() {
    at.bob = await Person.open(at.pool, "bob", 1);
    assert.equal(await at.bob.ask("join", at.room), "200");
    const cleo = await Person.open(at.pool, "cleo", 0);
    assert.notEqual(await cleo.ask("join", at.room), "200");
    cleo.close();
    assert.equal(await at.bob.ask("say", at.room, "Hello <i>over SIP</i> & all"), "200");
    await at.ada.waitForSelector(".said .text >> text=Hello <i>over SIP</i> & all");
    await at.ada.waitForSelector(".people >> text=Bob Ritter");
  },

  async "what she says is heard over SIP"() {
    const page = at.ada;
    await tabTo(page, "#say");
    await page.keyboard.type("Hello from the page, see https://example.org/x");
    await page.keyboard.press("Enter");
    await page.waitForSelector(".said a[href='https://example.org/x']");
    assert.equal(await at.bob.ask("hear", at.room, "Hello from the page, see https://example.org/x"), "heard");
  },

  async "what is malformed is shown as text, and nothing else suffers"() {
    const page = at.ada;
    const file = `ma-filelink://example.net/${at.guid}/${at.guid}.txt`;
    const odd = [`${file}?name=%E0%A4%A`, `${file}?name=%`, `${file}?name=${"%F0".repeat(60)}`, "ma-filelink://", "https://[", "http://%zz/%E0%A4%A",
      "https://example.org:99999999/", "[STORY]", "[STORY] %E0%A4%A", "</script><script>x", "\u202e\u2066\u200d\ufeff", "{\"ts\":", "javascript:alert(1)",
      "ma-chan://example.net/%", "e\u0301".repeat(40), "\u{1f469}\u200d\u{1f4bb}".repeat(20), `${file}?name=a `.repeat(5)];
    for (const text of odd) assert.equal(await at.bob.ask("say", at.room, text), "200");
    assert.equal(await at.bob.ask("say", at.room, "the last one"), "200");
    await page.waitForSelector(".said .text >> text=the last one");
    for (const hash of [`#/rooms/${at.guid}`, "#/search?q=last"]) {
      await page.goto(`${at.url}/#/rooms`);
      await titled(page, "Rooms");
      await page.goto(`${at.url}/${hash}`);
      await page.waitForSelector("text=the last one");
      assert.equal(await page.locator("[role=alert]").count(), 0);
    }
    await page.goto(`${at.url}/#/search?q=name`);
    await titled(page, "Search");
    assert.equal(await page.locator("[role=alert]").count(), 0);
    await page.goto(`${at.url}/#/rooms/${at.guid}`);
    await page.waitForSelector(".said .text >> text=the last one");
    assert.ok(await page.locator(".said a", { hasText: "%E0%A4%A" }).count() >= 1);
    const more = page.getByRole("button", { name: "Earlier messages" });
    if (await more.isVisible()) await more.click();
    for (const _ of odd) await at.bob.ask("hear", at.room, _).catch(() => {});
    await at.bob.ask("hear", at.room, "the last one").catch(() => {});
  },

  async "a file goes up from the page and down over a token of SIP"() {
    const page = at.ada;
    const bytes = Buffer.from("the plan, in some words\n".repeat(5000));
    await page.setInputFiles("#file", { name: "the plan.txt", mimeType: "text/plain", buffer: bytes });
    const link = page.locator(".said a", { hasText: "the plan.txt" });
    await link.waitFor();
    const href = await link.getAttribute("href");
    const file = href.split("/").at(-1);
    assert.equal(await at.bob.ask("hear", at.room, `ma-filelink://example.net/${at.guid}/${file}?name=the%20plan.txt`), "heard");

    const token = await at.bob.ask("token", "getfdtok", at.room);
    const got = await at.pool.fetch(`${at.pool.is.web[1].url}/files/${at.guid}/${file}`, { Authorization: `Bearer ${token}` });
    assert.equal(got.status, 200);
    assert.ok(got.body.equals(bytes));

    const [download] = await Promise.all([page.waitForEvent("download"), link.click()]);
    assert.equal(download.suggestedFilename(), "the plan.txt");
    assert.ok(readFileSync(await download.path()).equals(bytes));
    await shot(page, "room");
  },

  async "the member finds his invitation"() {
    at.bobs = await open(at.browser);
    await signIn(at.bobs, at.url, "bob");
    await at.bobs.click("text=Invitations");
    await at.bobs.locator("a.title", { hasText: ROOM }).waitFor();
    await at.bobs.goto(`${at.url}/#/rooms/${at.guid}`);
    await titled(at.bobs, ROOM);
    assert.equal(await at.bobs.locator("text=Disable").count(), 0);
  },

  async "what is written from right to left turns nothing else round"() {
    const page = at.ada;
    const dan = await Person.open(at.pool, "dan", 1);
    const lobby = JSON.parse(at.pool.ctl("room", "list", "--json")).find((r) => r.name === "Lobby");
    assert.equal(await dan.ask("join", lobby.uri), "200");
    assert.equal(await dan.ask("say", lobby.uri, "\u05e9\u05dc\u05d5\u05dd 1"), "200");
    assert.equal(await dan.ask("say", lobby.uri, "safe\u202egnp.exe and more"), "200");
    await page.goto(`${at.url}/#/rooms/${lobby.uri.split("/")[3]}`);
    await titled(page, "Lobby");
    await page.waitForSelector(".said li[data-id] >> nth=1");
    const seen = await page.evaluate(() => [...document.querySelectorAll(".said li[data-id]")].map((li) => {
      const [by, time, text] = [".by", "time", ".text"].map((name) => li.querySelector(name));
      return { by: by.localName, dir: getComputedStyle(text).direction, text: text.textContent,
        nameFirst: by.getBoundingClientRect().right <= time.getBoundingClientRect().left };
    }));
    assert.deepEqual(seen.map((x) => [x.by, x.nameFirst, x.dir]), [["bdi", true, "rtl"], ["bdi", true, "ltr"]]);
    assert.equal(seen[1].text, "safe\u202egnp.exe and more");
    const here = page.locator(".people li", { hasText: "(7)" });
    await here.waitFor();
    assert.equal(await here.locator("bdi").count(), 1);
    dan.close();
  },

  async "a room is followed"() {
    const page = at.bobs;
    await page.getByRole("button", { name: "Follow" }).click();
    await page.getByRole("button", { name: "Following", pressed: true }).waitFor();
    await visit(page, at.url, "#/rooms?view=followed", "Rooms");
    await page.locator("a.title", { hasText: ROOM }).waitFor();
  },

  async "what was said is found"() {
    const page = at.ada;
    // the index follows within seconds: ask until it has it
    for (const until = Date.now() + LIMIT_MS; ;) {
      await page.fill("#find", "hello");
      await page.press("#find", "Enter");
      await titled(page, "Search");
      await page.waitForSelector(".list, .empty");
      if (await page.locator(".list li").count() === 2) break;
      assert.ok(Date.now() < until, "what was said is not found");
      await page.goto(`${at.url}/#/rooms`);
      await titled(page, "Rooms");
    }
    await page.locator(".list .rest", { hasText: "Hello <i>over SIP</i> & all" }).waitFor();
    await shot(page, "search");
  },

  async "no page has a serious fault of accessibility, light or dark"() {
    at.root = await open(at.browser);
    await signIn(at.root, at.url, "root");
    for (const colorScheme of ["light", "dark"]) {
      await at.ada.emulateMedia({ colorScheme });
      await at.root.emulateMedia({ colorScheme });
      const rooms = [[`#/rooms/${at.guid}`, ROOM], [`#/rooms/${at.guid}/edit`, "Edit"]];
      for (const [page, list] of [[at.ada, [...PAGES, ...rooms]], [at.root, ADMIN]]) {
        for (const [hash, title] of list) {
          await visit(page, at.url, hash, title);
          assert.ok(await accessible(page, `${hash} ${colorScheme}`) > 10);
          assert.equal(await page.locator("h1").count(), 1, hash);
          await shot(page, `${hash.replace(at.guid, "x").replace(/\W+/g, "-").slice(1)}-${colorScheme}`);
        }
      }
    }
  },

  async "all of it fits on a phone"() {
    const state = await at.ada.context().storageState();
    const page = await open(at.browser, { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true, storageState: state });
    for (const [hash, title] of [...PAGES, [`#/rooms/${at.guid}`, ROOM], [`#/rooms/${at.guid}/edit`, "Edit"]]) {
      await visit(page, at.url, hash, title);
      await fits(page, hash);
      await shot(page, `phone${hash.replace(at.guid, "x").replace(/\W+/g, "-")}`);
    }
    await accessible(page, "phone");
    sound(page);
    await page.context().close();
  },

  async "two who change the same room: the second is told"() {
    await visit(at.ada, at.url, `#/rooms/${at.guid}/edit`, "Edit");
    await visit(at.root, at.url, `#/rooms/${at.guid}/edit`, "Edit");
    await at.root.fill("textarea[name=description]", "root was here");
    await at.root.click("button[type=submit]");
    await titled(at.root, ROOM);
    await at.ada.fill("textarea[name=description]", "ada was here");
    await at.ada.click("button[type=submit]");
    await at.ada.waitForSelector("[role=alert] >> text=/changed/");
  },

  async "she disables the room, and the member is put out"() {
    const page = at.ada;
    await visit(page, at.url, `#/rooms/${at.guid}`, ROOM);
    await tabTo(page, "button.bad");
    await page.keyboard.press("Enter");
    await page.waitForSelector("text=This room is disabled.");
    assert.equal(await at.bob.ask("out", at.room), "out");
    assert.notEqual(await at.bob.ask("join", at.room), "200");
    await shot(page, "disabled");
  },

  async "signing out is for good"() {
    const page = at.ada;
    await page.click("text=Sign out");
    await titled(page, "Sign in");
    await page.goBack();
    await page.reload();
    await titled(page, "Sign in");
    assert.deepEqual((await page.context().cookies()).filter((c) => c.value && !c.name.endsWith("-device")), []);
  },

  async "nothing was wrong on any page meanwhile"() {
    for (const page of [at.ada, at.bobs, at.root]) sound(page);
  },
};

async function main() {
  at.pool = new Pool(DATA);
  try {
    at.pool.up();
    at.pool.ctl("config", "set", "Administrators", "sip:root@example.net");
    at.url = at.pool.is.web[0].url;
    at.browser = await launch(at.pool);
    for (const [name, step] of Object.entries(steps)) {
      at.step = name;
      await step();
      console.log(`  ok  ${name}`);
    }
    console.log(`pages: ${Object.keys(steps).length} steps; screenshots in ${SHOTS}`);
  } catch (error) {
    console.error(`FAILED: ${at.step ?? "bringing the pool up"}\n${error.stack}`);
    for (const name of ["ada", "bobs", "root"])
      if (at[name]) await shot(at[name], `failed-${name}`).catch(() => {});
    process.exitCode = 1;
  } finally {
    at.bob?.close();
    await at.browser?.close().catch(() => {});
    at.pool.down();
  }
}

for (const signal of ["SIGINT", "SIGTERM"])
  process.on(signal, () => { at.pool?.down(); process.exit(130); });
main();
