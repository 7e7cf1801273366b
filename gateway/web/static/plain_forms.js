// Forms that the browser sends by itself, and that work without this file. With it, what is typed is kept until it was
// taken (kept_words.js), and the page is not left while the server is away or the log-in is over: that is said beside
// the button, and the same is sent by pressing it again.
import { forget, keepWords, store, stored } from "./kept_words.js";

const PATIENCE = 8000; // milliseconds until the server counts as away
const ABOUT = ["csrf", "lang", "pass", "code", "phone", "secret", "mark"]; // hidden fields that do not tell one form from another
const SENT = "sent"; // the keys of forms that were sent, until the answer is there
const isStaff = Boolean(document.body.dataset.agent);
const session = isStaff ? import("./desk_session.js") : null; // now: it cannot be had while the server is away

/** All such forms of a part of the page, each once: form.js has a copy of this module of its own. */
export function guardForms(part) {
  for (const form of part.querySelectorAll("form:not([data-bits], [data-guarded])")) if (form.method === "post") prepare(form);
}

guardForms(document);
answered();

function prepare(form) {
  form.dataset.guarded = "1";
  if (new URL(form.action).pathname.endsWith("/logout")) return; // nothing is typed there, and a log-in that is over may end
  const key = keyOf(form);
  const words = keepWords(form, () => key);
  form.addEventListener("submit", (event) => guard(event, form, key));
  addEventListener("words-answered", () => words.restore() && form.closest("details")?.setAttribute("open", ""));
}

function keyOf(form) {
  const about = [...form.querySelectorAll("input[type=hidden]")].filter(({ name }) => !ABOUT.includes(name));
  return [new URL(form.action).pathname, ...about.map(({ name, value }) => `${name}=${value}`)].join(" ");
}

/** A page that comes as the answer to a form ends what was kept of it; one that was refused stays. */
function answered() {
  const keys = stored(SENT) ?? [];
  const isAnswer = performance.getEntriesByType("navigation")[0]?.type === "navigate";
  if (isAnswer && Number(document.body.dataset.status) < 400) keys.forEach((key) => forget(key));
  forget(SENT);
  dispatchEvent(new Event("words-answered"));
}

const passed = new WeakSet();
async function guard(event, form, key) {
  if (passed.delete(form)) return;
  event.preventDefault();
  const { submitter } = event;
  if (form.ariaBusy === "true") return;
  form.ariaBusy = "true";
  say(form, "");
  const ready = await isReady();
  form.ariaBusy = "false";
  if (!ready) return say(form, document.body.dataset.unreachable);
  store(SENT, [key]);
  passed.add(form);
  form.requestSubmit(submitter);
}

/** Does the server answer, with a log-in that holds where one is needed? */
async function isReady() {
  if (!isStaff) return isThere();
  const { logInAgain, whose } = await session;
  const now = await whose();
  if (now === "nobody" || now === "other") await logInAgain();
  return now !== "unknown";
}

const isThere = () =>
  fetch("/static/mark.svg", { cache: "no-store", signal: AbortSignal.timeout(PATIENCE) }).then((answer) => answer.ok, () => false);

function say(form, text) {
  let line = form.querySelector(".not-sent");
  if (!line) {
    line = Object.assign(document.createElement("p"), { className: "fault not-sent" });
    line.setAttribute("role", "alert");
    form.append(line);
  }
  line.textContent = text;
}
