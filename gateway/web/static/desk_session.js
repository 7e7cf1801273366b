// Logging in again beside the page when its session is over: what was typed stays, and no call is broken.
import { agent, make, w } from "./desk_parts.js";

const meta = document.querySelector('meta[name="csrf"]');
export const session = { csrf: meta.content };
let asking = null; // the question that is open; everybody who needs the session waits for it

export function logInAgain() {
  asking ||= question().finally(() => (asking = null));
  return asking;
}

// Who is logged in now: "own", "other" (somebody else, in another tab of this browser), "nobody"; "unknown" while
// the server does not answer. Takes the session's present CSRF token: another tab may have begun a new session.
export async function whose() {
  try {
    const answer = await fetch("/api/v1/me", { cache: "no-store" });
    if (answer.status === 401) return "nobody";
    if (!answer.ok) return "unknown";
    const me = await answer.json();
    if (me.id !== agent) return "other";
    take(me.csrf);
    return "own";
  } catch {
    return "unknown";
  }
}

// Did a request fail only because this page had the token of an older session?
export async function renewed() {
  const before = session.csrf;
  const now = await whose();
  if (now === "other" || now === "nobody") await logInAgain();
  return session.csrf !== before;
}

function take(csrf) {
  session.csrf = meta.content = csrf;
  for (const field of document.querySelectorAll('input[name="csrf"]')) field.value = csrf;
}

function field(form, name, text, more) {
  const label = make("label", text);
  const input = Object.assign(make("input"), { id: `again-${name}`, name, ...more });
  label.htmlFor = input.id;
  form.append(label, input);
  return input;
}

// While a call goes on it stands beside the page, and the cursor stays where it is; else it covers the page.
function question() {
  const dialog = make("dialog", "", "log-in-again");
  dialog.setAttribute("aria-label", w("session.over"));
  const form = make("form");
  const fault = make("p", "", "fault");
  fault.setAttribute("role", "alert");
  form.append(make("h2", w("session.over")), make("p", w("session.kept"), "soft"));
  field(form, "account", w("session.account"), { value: agent, readOnly: true, autocomplete: "username" });
  const password = field(form, "password", w("session.password"), { type: "password", autocomplete: "current-password", required: true });
  field(form, "code", w("session.code"), { autocomplete: "one-time-code", inputMode: "numeric", maxLength: 20 });
  const send = Object.assign(make("button", w("session.log_in"), "main"), { type: "submit" });
  form.append(fault, send);
  dialog.append(form);
  dialog.addEventListener("cancel", (event) => event.preventDefault());
  document.body.append(dialog);
  const at = document.activeElement;
  if (document.body.hasAttribute("data-in-call")) {
    dialog.show();
    at?.focus();
  } else dialog.showModal();
  return new Promise((resolve) => {
    const done = () => {
      removeEventListener("focus", look);
      dialog.remove();
      resolve();
    };
    const look = async () => (await whose()) === "own" && done(); // logged in again in another tab
    addEventListener("focus", look);
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      fault.textContent = "";
      send.disabled = true;
      fault.textContent = await tried(new URLSearchParams(new FormData(form)));
      send.disabled = false;
      password.value = "";
      if (!fault.textContent) done();
      else password.focus();
    });
  });
}

// What is wrong in words; "" when it worked.
async function tried(body) {
  try {
    const answer = await fetch("/desk/login", { method: "POST", redirect: "manual", body });
    if (answer.status === 429) return w("session.wait", answer.headers.get("Retry-After") || 60);
    if (answer.type !== "opaqueredirect") return w("session.wrong");
  } catch {
    return w("unreachable");
  }
  return (await whose()) === "own" ? "" : w("unreachable");
}
