// Chromium, and what is asked of every page.
"use strict";
const { chromium } = require("playwright-core");
const { readFileSync, mkdirSync } = require("node:fs");
const assert = require("node:assert/strict");
const path = require("node:path");
const { BUILD } = require("./pool.js");

const LIMIT_MS = 60000;
const SHOTS = path.join(BUILD, "web", "shots");
const AXE = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
// what the server refuses on purpose is told on the console, too
const EXPECTED = /status of (401|403|404|409|412|422)/;

let shots = 0;

async function launch(pool) {
  mkdirSync(SHOTS, { recursive: true });
  return chromium.launch({
    executablePath: process.env.PCHAT_CHROMIUM || "/usr/bin/chromium",
    args: [...(process.getuid() === 0 ? ["--no-sandbox"] : []), "--disable-gpu", "--disable-dev-shm-usage",
      `--ignore-certificate-errors-spki-list=${pool.pins()}`],
    timeout: LIMIT_MS,
  });
}

/** A page of its own session, without fades, in which axe would see colours that
 *  nobody reads; whatever goes wrong is kept in page.faults */
async function open(browser, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1200, height: 800 }, locale: "en-GB", reducedMotion: "reduce", ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(LIMIT_MS);
  page.faults = [];
  page.on("pageerror", (error) => page.faults.push(error.message));
  page.on("console", (m) => {
    if (m.type() === "error" && !EXPECTED.test(m.text())) page.faults.push(m.text());
  });
  return page;
}

/** Count what loading this page takes: { requests, bytes }, heads included */
async function weigh(page, load) {
  const cdp = await page.context().newCDPSession(page);
  const weight = { requests: 0, bytes: 0 };
  cdp.on("Network.loadingFinished", (e) => {
    weight.requests += 1;
    weight.bytes += e.encodedDataLength;
  });
  await cdp.send("Network.enable");
  await load();
  await page.waitForLoadState("networkidle");
  await cdp.detach();
  return weight;
}

function sound(page) {
  assert.deepEqual(page.faults, []);
}

async function shot(page, name) {
  shots += 1;
  await page.screenshot({ path: path.join(SHOTS, `${String(shots).padStart(2, "0")}-${name}.png`), fullPage: true });
}

/** The page of this address, once it is all there: its heading is told */
async function visit(page, url, hash, title) {
  await page.goto(`${url}/${hash}`);
  await titled(page, title);
}

async function titled(page, title) {
  await page.waitForFunction((t) => document.title.startsWith(t), title);
}

/** No fault that axe calls serious or critical */
async function accessible(page, name) {
  await page.evaluate(`${AXE};0`);
  const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  const bad = found.violations.filter((v) => ["serious", "critical"].includes(v.impact));
  assert.deepEqual(bad.map((v) => `${name}: ${v.id}: ${v.nodes[0].html.slice(0, 160)} ${v.nodes[0].failureSummary}`), []);
  return found.passes.length;
}

/** Nothing sticks out to the side */
async function fits(page, name) {
  const [whole, seen] = await page.evaluate(() => [document.documentElement.scrollWidth, window.innerWidth]);
  assert.ok(whole <= seen, `${name}: ${whole} wide on ${seen}`);
}

/** Press Tab until this has the focus; every stop on the way is to be seen */
async function tabTo(page, selector) {
  for (let i = 0; i < 80; i++) {
    await page.keyboard.press("Tab");
    const at = await page.evaluate((s) => {
      const node = document.activeElement;
      const style = getComputedStyle(node);
      return { here: node.matches(s), shown: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0, what: node.outerHTML.slice(0, 100) };
    }, selector);
    assert.ok(at.shown || at.what.startsWith("<body"), `the focus is not to be seen on ${at.what}`);
    if (at.here) return;
  }
  assert.fail(`Tab does not come to ${selector}`);
}

module.exports = { LIMIT_MS, SHOTS, accessible, fits, launch, open, shot, sound, tabTo, titled, visit, weigh };
