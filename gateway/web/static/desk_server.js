// What the desk asks of the gateway, and what the gateway tells it. No page here.
import { logInAgain, renewed, session, whose } from "./desk_session.js";
import { w } from "./desk_parts.js";

// Of a text in both languages, "中文 / English", the reader's; what has one text is that.
export function half(text) {
  const [zh, ...en] = (text || "").split(" / ");
  return en.length && document.body.dataset.lang === "en" ? en.join(" / ") : zh;
}

export class Problem extends Error {
  constructor(status, told) {
    super(half(told?.detail) || told?.[document.body.dataset.lang] || String(status));
    this.status = status;
    this.faults = told?.faults || [];
  }
}

const OVER = 401; // the session is over
const FORBIDDEN = 403; // or it is another one than the page knows

// A session that is over is renewed beside the page, then the same is asked again.
export async function ask(method, path, body, more = {}) {
  let answer = await send(method, path, body, more);
  if (answer.status === FORBIDDEN && (await renewed())) answer = await send(method, path, body, more);
  while (answer.status === OVER) {
    await logInAgain();
    answer = await send(method, path, body, more);
  }
  const told = answer.status === 204 ? null : await answer.json().catch(() => null);
  if (!answer.ok) throw new Problem(answer.status, told);
  return told;
}

async function send(method, path, body, more) {
  const headers = { "X-CSRF-Token": session.csrf, ...more };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  try {
    return await fetch(`/api/v1/${path}`, { method, headers, body: body === undefined ? body : JSON.stringify(body) });
  } catch {
    throw new Problem(0, { detail: w("unreachable") });
  }
}

const AGAIN = 5000; // milliseconds until a list is read again that could not be read

// A list that the server, or the line to it, owes is read again by `read`.
export function readAgain(problem, read) {
  if (problem instanceof Problem && (!problem.status || problem.status >= 500)) setTimeout(read, AGAIN);
}

// Events, for as long as the page is open; `again` is called at each connection, since what was told
// meanwhile is not told twice: `again(true)` after one that was lost.
export function listen(page, told, again, lost) {
  let pause = 500;
  let missed = false;
  const connect = () => {
    const socket = new WebSocket(`${location.origin.replace(/^http/, "ws")}/api/v1/events?page=${page}`, ["hotline.events"]);
    socket.onopen = () => {
      pause = 500;
      again(missed);
    };
    socket.onmessage = ({ data }) => {
      const { name, data: what } = JSON.parse(data);
      told(name, what);
    };
    socket.onclose = () => {
      missed = true;
      lost();
      setTimeout(reconnect, pause);
      pause = Math.min(pause * 2, 8000);
    };
  };
  // A connection without a session is refused, and no browser tells why.
  const reconnect = async () => {
    if (["nobody", "other"].includes(await whose())) await logInAgain();
    connect();
  };
  connect();
}
