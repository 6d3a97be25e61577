// The API, as the pages use it.

let csrf = null;

export class Problem extends Error {
  constructor(status, body) {
    super(body?.detail || body?.title || "The server does not answer.");
    this.status = status;
    this.kind = body?.type?.replace("urn:pchat:problem:", "");
  }
}

function parse(text, status) {
  try {
    return JSON.parse(text);
  } catch {
    throw new Problem(status, { detail: "The answer cannot be read: it is not from the chat server." });
  }
}

async function call(method, path, { body, tag, raw, query } = {}) {
  const headers = {};
  const url = new URL(`/api/v1/${path}`, location.origin);
  for (const [key, value] of Object.entries(query ?? {}))
    if (value !== undefined && value !== null && value !== "") url.searchParams.set(key, value);
  if (csrf && method !== "GET") headers["X-CSRF-Token"] = csrf;
  if (tag) headers["If-Match"] = tag;
  if (body !== undefined) headers["Content-Type"] = "application/json";

  let answer;
  try {
    answer = await fetch(url, { method, headers, body: raw ?? (body === undefined ? undefined : JSON.stringify(body)) });
  } catch {
    throw new Problem(0, { detail: "The server cannot be reached." });
  }
  const text = await answer.text();
  const value = text ? parse(text, answer.status) : null;
  if (answer.ok) return { value, tag: answer.headers.get("ETag") };
  if (answer.status === 401 && path !== "session") window.dispatchEvent(new Event("signed-out"));
  throw new Problem(answer.status, value);
}

export const get = async (path, query) => (await call("GET", path, { query })).value;
export const getTagged = (path) => call("GET", path);
export const post = async (path, body) => (await call("POST", path, { body })).value;
export const put = async (path, body, tag) => (await call("PUT", path, { body, tag })).value;
export const patch = async (path, body, tag) => (await call("PATCH", path, { body, tag })).value;
export const remove = (path, tag) => call("DELETE", path, { tag });

export async function upload(room, file) {
  return (await call("POST", `rooms/${room}/files`, { raw: file, query: { name: file.name } })).value;
}

/** Who is signed in; null: nobody */
export async function whoami() {
  try {
    const said = await get("session");
    csrf = said.csrf;
    return said.user;
  } catch (error) {
    if (error.status === 401) return null;
    throw error;
  }
}

export async function signIn(user, password) {
  const said = await post("session", { user, password });
  csrf = said.csrf;
  return said.user;
}

export async function signOut() {
  await remove("session");
  csrf = null;
}
