// A private pool, and somebody in it who chats over SIP.
"use strict";
const { execFileSync, spawn } = require("node:child_process");
const { mkdtempSync, readFileSync, rmSync, writeFileSync, chmodSync } = require("node:fs");
const { createHash, X509Certificate } = require("node:crypto");
const https = require("node:https");
const os = require("node:os");
const path = require("node:path");
const readline = require("node:readline");

const TOP = path.resolve(__dirname, "../..");
const BUILD = path.resolve(process.env.PCHAT_BUILD || path.join(TOP, "build"));

class Pool {
  /** data: users, categories, rooms as for pchatctl import */
  constructor(data) {
    this.base = mkdtempSync(path.join(os.tmpdir(), "pchat-web-"));
    chmodSync(this.base, 0o755);
    this.dir = path.join(this.base, "pool");
    writeFileSync(path.join(this.base, "data.json"), JSON.stringify(data));
  }

  script(...args) {
    return execFileSync(path.join(TOP, "deploy/dev/pool"), [...args, "--dir", this.dir],
      { env: { ...process.env, PCHAT_BUILD: BUILD }, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
  }

  up() {
    this.script("up", "--instances", "2", "--web", "2", "--data", path.join(this.base, "data.json"));
    this.is = JSON.parse(readFileSync(path.join(this.dir, "pool.json"), "utf8"));
    this.ca = readFileSync(this.is.ca);
  }

  down() {
    try {
      this.script("down");
    } finally {
      rmSync(this.base, { recursive: true, force: true });
    }
  }

  ctl(...args) {
    return execFileSync(path.join(BUILD, "pchatctl"), ["--store", this.is.store, ...args], { encoding: "utf8" });
  }

  /** What Chromium is told to trust: these very keys, nothing else */
  pins() {
    return this.is.web.map((w) => {
      const cert = new X509Certificate(readFileSync(path.join(this.dir, "tls", `${w.name}.pem`)));
      return createHash("sha256").update(cert.publicKey.export({ type: "spki", format: "der" })).digest("base64");
    }).join(",");
  }

  /** A plain request: { status, body } */
  fetch(url, headers) {
    return new Promise((resolve, reject) => {
      https.get(url, { ca: this.ca, headers }, (answer) => {
        const parts = [];
        answer.on("data", (p) => parts.push(p));
        answer.on("end", () => resolve({ status: answer.statusCode, body: Buffer.concat(parts) }));
        answer.on("error", reject);
      }).on("error", reject);
    });
  }
}

/** tests/web/person.c: a command, an answer */
class Person {
  static async open(pool, name, instance) {
    const person = new Person();
    const inst = pool.is.instances[instance];
    person.child = spawn(path.join(BUILD, "tests/person"),
      [`sip:${name}@${pool.is.domain}`, pool.is.pool_uri, inst.sip_tcp], { stdio: ["pipe", "pipe", "inherit"] });
    person.lines = readline.createInterface({ input: person.child.stdout })[Symbol.asyncIterator]();
    if (await person.answer() !== "ready") throw new Error(`${name} does not get in over SIP`);
    return person;
  }

  async answer() {
    const { value, done } = await this.lines.next();
    return done ? "ended" : value;
  }

  async ask(...words) {
    this.child.stdin.write(`${words.join(" ")}\n`);
    return this.answer();
  }

  close() {
    this.child.stdin.end();
  }
}

module.exports = { BUILD, Person, Pool };
