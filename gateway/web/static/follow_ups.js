// /desk/follow-ups: who is to be called after his matter was closed, and the call that is open.
import { ask, listen, readAgain } from "./desk_server.js";
import { $, alarm, make, spaced, told, w, when } from "./desk_parts.js";
import { closeCall, openCall, openedId, reasonsAre } from "./follow_up_call.js";

const READ_AFTER = 700; // milliseconds: so long changes are gathered
const LISTS = {
  due: { due: "today", by_pbx: "false" },
  later: { by_pbx: "false" },
  pbx: { by_pbx: "true" },
  answered: { state: "answered" },
  unreached: { state: "unreached" },
  declined: { state: "declined" },
};
const tabs = [...document.querySelectorAll("[role=tab]")];
let tab = "due";
let calls = []; // the rows that are shown
let next = null;
let reading = 0; // the latest reading: an answer to an earlier one is not shown

function tags(call) {
  const texts = [w(`kind.${call.kind}`)];
  if (call.round > 1) texts.push(w("round", call.round));
  if (call.by_pbx) texts.push(w("by_pbx"));
  if (call.secret) texts.push(w("secret"));
  if (call.attempts) texts.push(w("tried", call.attempts));
  if (call.again) texts.push(w("again"));
  return texts.map((text) => make("span", text, "tag"));
}

function rowOf(call) {
  const row = make("li");
  const open = make("button");
  open.type = "button";
  open.dataset.id = call.id;
  const head = make("span", "", "line");
  head.append(make("strong", spaced(call.number), "number"), ...tags(call));
  const who = make("span", [call.name, call.phone, call.respondent_name].filter(Boolean).join(" · "), "line");
  const [what, at] = call.answered_at ? ["answered_on", call.answered_at] : ["due", call.due_at];
  const time = make("span", `${w(what)} ${when(at)}`, "line soft small");
  if (call.handler) time.append(make("span", w("grades", call.handler, call.outcome)));
  open.append(head, who, time);
  open.addEventListener("click", () => open_(call.id));
  row.append(open);
  return row;
}

function show() {
  $("rows").replaceChildren(...calls.map(rowOf));
  $("empty").hidden = calls.length > 0;
  $("more").hidden = !next;
  mark();
}

function mark() {
  for (const one of $("rows").querySelectorAll("button")) {
    if (one.dataset.id === openedId()) one.setAttribute("aria-current", "true");
    else one.removeAttribute("aria-current");
  }
}

function open_(id) {
  openCall(calls.find((call) => call.id === id));
  mark();
}

async function read(more = false) {
  const mine = ++reading;
  $("fault").textContent = "";
  $("loading").hidden = more || calls.length > 0;
  try {
    const page = await ask("GET", `follow-ups?${new URLSearchParams({ ...LISTS[tab], limit: "50", ...(more && { after: next }) })}`);
    if (mine !== reading) return;
    calls = more ? [...calls, ...page.items] : page.items;
    next = page.next;
    reasonsAre(page.reasons);
    $("count").textContent = w("pieces", page.count);
    show();
    document.body.dataset.read = tab;
  } catch (problem) {
    if (mine === reading) {
      $("fault").textContent = told(problem);
      readAgain(problem, () => mine === reading && read());
    }
  } finally {
    if (mine === reading) $("loading").hidden = true;
  }
}

function choose(name, focus = false) {
  if (!LISTS[name]) name = "due";
  for (const one of tabs) {
    const chosen = one.dataset.tab === name;
    one.setAttribute("aria-selected", String(chosen));
    one.tabIndex = chosen ? 0 : -1;
    if (chosen && focus) one.focus();
  }
  if (name !== tab || !calls.length) {
    tab = name;
    calls = [];
    next = null;
    $("rows").replaceChildren();
    $("empty").hidden = true;
    closeCall();
    read();
  }
  const address = `#tab=${name}`;
  if (location.hash !== address) history.replaceState(null, "", address);
}

for (const [place, one] of tabs.entries()) {
  one.addEventListener("click", () => choose(one.dataset.tab));
  one.addEventListener("keydown", ({ key }) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[key];
    if (by) choose(tabs[(place + by + tabs.length) % tabs.length].dataset.tab, true);
  });
}
$("more").addEventListener("click", () => read(true));

// After one is done the next of the list stands ready.
addEventListener("follow-up-done", async ({ detail: { id } }) => {
  const place = calls.findIndex((call) => call.id === id);
  calls = calls.filter((call) => call.id !== id);
  await read();
  const after = calls[place] || calls[0];
  if (after && (tab === "due" || tab === "later")) open_(after.id);
  else mark();
});

let waiting = null;
const changed = () => {
  clearTimeout(waiting);
  waiting = setTimeout(read, READ_AFTER);
};
const again = (missed) => {
  alarm("");
  if (missed) changed();
};
listen("follow-ups", (name) => name === "queue.changed" && changed(), again, () => alarm(w("not_live")));
choose(new URLSearchParams(location.hash.slice(1)).get("tab") || "due");
