// What the desk asks of the gateway, and what the gateway tells it. No page here.
const csrf = document.querySelector('meta[name="csrf"]').content;

export class Problem extends Error {
  constructor(status, told) {
    super(told?.detail || told?.[document.body.dataset.lang] || String(status));
    this.status = status;
    this.faults = told?.faults || [];
  }
}

const AWAY = { zh: "网络连接已断开，内容未提交，请稍后重试", en: "no connection: nothing was sent, try again in a moment" };

// fetch, that tells a lost connection in words instead of the browser's own English.
async function reached(path, how) {
  try {
    return await fetch(path, how);
  } catch {
    throw new Problem(0, AWAY);
  }
}

export async function ask(method, path, body) {
  const headers = { "X-CSRF-Token": csrf };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const answer = await reached(`/api/v1/${path}`, { method, headers, body: body === undefined ? body : JSON.stringify(body) });
  if (answer.status === 401) location.reload(); // the session is over: the log-in form comes
  const told = answer.status === 204 ? null : await answer.json().catch(() => null);
  if (!answer.ok) throw new Problem(answer.status, told);
  return told;
}

// Events, for as long as the page is open; `again` is called at each connection, since what was told
// meanwhile is not told twice.
export function listen(page, told, again, lost) {
  let pause = 500;
  const connect = () => {
    const socket = new WebSocket(`${location.origin.replace(/^http/, "ws")}/api/v1/events?page=${page}`, ["hotline.events"]);
    socket.onopen = () => {
      pause = 500;
      again();
    };
    socket.onmessage = ({ data }) => {
      const { name, data: what } = JSON.parse(data);
      told(name, what);
    };
    socket.onclose = () => {
      lost();
      setTimeout(connect, pause);
      pause = Math.min(pause * 2, 8000);
    };
  };
  connect();
}
