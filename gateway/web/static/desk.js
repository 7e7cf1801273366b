// /desk: one page for the whole day. Here the parts are put together: seat, telephone, list, call, item.
// Everything that came from outside is set as text, never as markup.
import { ask, listen } from "./desk_server.js";
import { DraftKeeper } from "./desk_draft.js";
import { asItem, put, typed } from "./case_form.js";
import { $, agent, alarm, button, lang, make, path, role, seat, today, told as wrong, w, when } from "./desk_parts.js";
import * as item from "./desk_item.js";

const { wrapUp } = document.body.dataset;
const clock = (since) => {
  const all = Math.max(0, Math.floor((Date.now() - since) / 1000));
  const two = (n) => String(n).padStart(2, "0");
  const hours = Math.floor(all / 3600);
  return (hours ? `${hours}:${two(Math.floor(all / 60) % 60)}` : `${Math.floor(all / 60)}`) + `:${two(all % 60)}`;
};
const READ_EVERY = 600; // milliseconds: so long the list gathers changes; each desk a little differently

// ------------------------------------------------------------ the seat

let own = { state: "offline", reason: "", since: null, reachable: true, phone: "sip" };

function showSeat() {
  if (!seat) return;
  const reason = w(`pause.${own.reason}`);
  $("state").dataset.state = own.state;
  $("state-word").textContent = w(`state.${own.state}`) + (own.state === "paused" && own.reason ? ` · ${reason}` : "");
  const gone = own.state === "paused" && own.reason === "phone";
  alarm(gone ? w("will_not_ring") : "");
  $("offline").disabled = own.state === "offline";
  $("pause").disabled = own.state === "offline";
  showHealth();
  tick();
}

function tick() {
  const since = own.since ? new Date(own.since).getTime() : 0;
  if (!seat) return;
  if (own.state === "wrap_up" && since) {
    const left = Math.max(0, Number(wrapUp) - Math.floor((Date.now() - since) / 1000));
    $("state-clock").textContent = `${left} ${w("seconds")}`;
  } else $("state-clock").textContent = since && own.state !== "offline" ? clock(since) : "";
  const call = phone?.call;
  $("call-clock").textContent = call ? clock(call.since) : "";
}
setInterval(tick, 500);

// What an answer says of the seat, unless an event has told something newer meanwhile.
function seatSeen(seen) {
  if (own.since && !(seen.since >= own.since)) return;
  own = seen;
  showSeat();
}

async function setSeat(state, reason = "") {
  const wish = { state, reason };
  if (state === "ready") wish.phone = $("which").value;
  try {
    seatSeen(await ask("POST", `agents/${path(agent)}/state`, wish));
  } catch (problem) {
    alarm(problem.message);
  }
}

async function readSeat() {
  const { items } = await ask("GET", "agents");
  if (leads) showTeam(items);
  if (!seat) return;
  seatSeen(items.find((one) => one.id === agent) || own);
  fillTargets(items);
}

let looking = 0;
function readSeatsSoon() {
  looking ||= setTimeout(() => {
    looking = 0;
    readSeat().catch(() => {});
  }, 300);
}

// ------------------------------------------------------------ the team, for who leads it

const leads = ["supervisor", "admin"].includes(role);
$("team").hidden = !leads;

function showTeam(seats) {
  const ear = $("ear").value || seat;
  $("ear").replaceChildren(...seats.map((one) => Object.assign(make("option", `${one.seat} ${one.name}`), { value: one.seat })));
  $("ear").value = seats.some((one) => one.seat === ear) ? ear : seats.at(-1)?.seat;
  $("seats").replaceChildren(
    ...seats.map((one) => {
      const row = make("li");
      row.append(make("span", `${one.seat} ${one.name} `), make("span", w(`state.${one.state}`), "tag"));
      if (one.call_id && one.state === "talking") for (const mode of ["listen", "whisper", "join"]) row.append(button(w(mode), () => hearIn(one.call_id, mode)));
      return row;
    }),
  );
}

async function hearIn(call, mode) {
  $("team-fault").textContent = "";
  try {
    await ask("POST", `calls/${path(call)}/listen`, { mode, seat: $("ear").value });
  } catch (problem) {
    $("team-fault").textContent = wrong(problem);
  }
}

// ------------------------------------------------------------ the telephone

const page = sessionStorage.getItem("page") || crypto.randomUUID();
sessionStorage.setItem("page", page);
let phone = null;
let elsewhere = false;

function link() {
  if ($("which").value === "sip") return own.state !== "offline" && !own.reachable ? "unreachable" : "sip";
  if (elsewhere) return "other";
  return phone?.trouble === "microphone" ? "microphone" : phone?.link || "off";
}

function showHealth() {
  if (!seat) return;
  const now = link();
  $("health").dataset.link = now;
  $("link").textContent = w(`link.${now}`);
  $("take").hidden = now !== "other";
}

async function startPhone(take = false) {
  if (phone || $("which").value !== "browser") return;
  try {
    const account = await ask("POST", "seat-phone", { page, take });
    elsewhere = false;
    const { Softphone } = await import("./softphone.js");
    phone = new Softphone({ ...account, name: agent });
    phone.addEventListener("change", showCall);
    await phone.start();
    if (own.state !== "offline" && own.phone !== "browser") await setSeat("ready");
  } catch (problem) {
    if (problem.status === 409) elsewhere = true;
    else if (!phone?.trouble) alarm(problem.message);
  }
  showHealth();
}

function yieldPhone() {
  elsewhere = true;
  stopPhone();
}

function stopPhone() {
  phone?.stop();
  phone = null;
  showHealth();
}

// ------------------------------------------------------------ the call

let pop = null; // what is known of the call that is shown
let earlier = null; // done when what came before stands beside it
const draft = new DraftKeeper(
  (state) => {
    $("saved").dataset.state = state;
    $("saved").textContent = state ? w(state) : "";
  },
  (text) => put($("draft"), JSON.parse(text)),
);

function showCall() {
  const call = phone?.call;
  const state = !call ? "" : call.held ? "held" : call.state;
  $("call").dataset.state = state || (own.call_id && pop?.id === own.call_id ? own.state : "");
  const sip = !call && own.call_id && pop?.id === own.call_id ? w(`state.${own.state}`) : "";
  $("call-state").textContent = call ? w(`call.${state}`) + (call.muted ? ` · ${w("call.muted")}` : "") : sip;
  $("answer").hidden = !(call?.state === "ringing" && call.direction === "incoming");
  for (const id of ["hold", "mute", "pad-toggle"]) $(id).hidden = call?.state !== "talking";
  $("hang-up").hidden = !call;
  $("hold").setAttribute("aria-pressed", String(Boolean(call?.held)));
  $("mute").setAttribute("aria-pressed", String(Boolean(call?.muted)));
  if (call?.state !== "talking") $("pad").hidden = true;
  $("transfer").hidden = !(pop && own.state === "talking" && own.call_id === pop.id);
  if (call && $("pop").hidden) show("pop");
  if (call && !pop) $("pop-number").textContent = call.number;
  showHealth();
  tick();
}

function show(what) {
  for (const id of ["idle", "pop", "item"]) $(id).hidden = id !== what;
}

// First what came with the ring, at once; then what the gateway knows of this number.
function popUp(facts) {
  if (pop?.id === facts.id && !$("pop").hidden) return;
  leaveDraft();
  pop = { id: facts.id };
  showFacts(facts);
  listOf("earlier-items", []);
  listOf("earlier-calls", []);
  listOf("owed", []);
  $("draft").reset();
  $("fault").textContent = "";
  show("pop");
  showTransfer();
  document.body.dataset.popped = facts.id;
  performance.mark(`pop:${facts.id}`);
  showCall();
  earlier = showHistory(facts.id);
}

async function showHistory(id) {
  try {
    const known = await ask("GET", `calls/${path(id)}/pop`);
    if (pop?.id !== id) return;
    pop = { id, ...known };
    showFacts({ ...known.call, caller: known.number, kind: known.kind, path: known.path, place: known.place });
    showEarlier(known);
    fill(draft.open(id, known.draft), known);
    performance.mark(`history:${id}`);
    document.body.dataset.known = id;
  } catch (problem) {
    $("fault").textContent = problem.message;
  }
}

function showFacts({ caller, line, kind, path: steps, wait_seconds, place, direction }) {
  $("pop-number").textContent = caller || w("unknown");
  const facts = [place, w(`kind.${kind}`)];
  if (line) facts.push(`${w("line")} ${line}`);
  if (direction === "in") facts.push(`${w("waited")} ${Math.round(wait_seconds || 0)} ${w("seconds")}`);
  $("pop-facts").textContent = facts.filter(Boolean).join(" · ");
  $("pop-path").replaceChildren(...(steps || []).map((step) => make("li", step)));
}

function listOf(id, rows) {
  $(id).replaceChildren(...(rows.length ? rows : [make("li", w("none"), "soft")]));
}

function showEarlier({ items, calls, owed }) {
  listOf(
    "earlier-items",
    items.map((one) => {
      const row = make("li");
      const open = button(one.number, () => openItem(one.number));
      const about = [w(`channel.${one.channel}`), w(`kind.${one.kind}`), w(`item.${one.state}`), when(one.received_at)];
      row.append(open, make("div", about.join(" · "), "soft"), make("div", [one.respondent_name, one.content].filter(Boolean).join("：").slice(0, 90)));
      return row;
    }),
  );
  listOf("earlier-calls", calls.map((one) => make("li", [when(one.started_at), one.outcome, one.agent, one.number].filter(Boolean).join(" · "))));
  listOf("owed", owed.map((one) => make("li", [when(one.booked_at), one.phone, one.attempts && w("attempts", one.attempts), one.due_at && `${w("call_due")} ${when(one.due_at)}`].filter(Boolean).join(" · "))));
}

// ------------------------------------------------------------ the draft and its items

function fill(text, known) {
  const form = $("draft");
  form.reset();
  let said = {};
  try {
    said = JSON.parse(text || "{}");
  } catch {
    said = { content: text };
  }
  if (!text) {
    const before = known.items.find((one) => one.name);
    said = { phone: known.number, name: before?.name || "", kind: known.kind === "unsorted" ? "" : known.kind };
  }
  put(form, said);
}

// What was typed is on its way when this returns; whoever needs it kept waits for what it gives.
function leaveDraft() {
  const kept = draft.flush().catch(() => {});
  draft.close();
  return kept;
}

async function register(close) {
  const said = typed($("draft"));
  if (close) said.kind ||= "question";
  if (close && !said.content?.trim()) said.content = w("answered");
  if (!said.kind || !said.content?.trim()) {
    $("fault").textContent = w("missing");
    $("d-content").focus();
    return;
  }
  const items = [asItem(said)];
  if (said.also_report && said.report?.trim()) {
    const report = { ...asItem(said), kind: "report", content: said.report.trim(), claims: [] };
    if (said.report_anonymous) {
      report.anonymous = true;
      for (const name of ["name", "phone", "address"]) delete report[name];
    }
    items.push(report);
  }
  $("fault").textContent = "";
  try {
    await draft.flush().catch(() => {});
    const { items: made } = await ask("POST", `calls/${path(pop.id)}/items`, { items, ...(close ? { close: w("answered") } : {}) });
    draft.close(true);
    document.body.dataset.made = made.map((one) => one.number).join(" ");
    $("draft").reset();
    $("saved").textContent = w("made") + made.map((one) => one.number).join("、");
    if (!phone?.call && own.call_id !== pop.id) {
      pop = null;
      show("idle");
    }
    readList();
  } catch (problem) {
    $("fault").textContent = wrong(problem);
  }
}

$("draft").addEventListener("input", () => draft.type(JSON.stringify(typed($("draft")))));
$("draft").addEventListener("submit", (event) => {
  event.preventDefault();
  register(false);
});
$("answered").addEventListener("click", () => register(true));
$("later").addEventListener("click", async () => {
  await leaveDraft();
  pop = null;
  show("idle");
  readList();
});

// ------------------------------------------------------------ the list

let items = [];
let drafts = [];
let here = -1;

async function readList() {
  try {
    const channel = $("f-channel").value;
    const kind = $("f-kind").value;
    const asked = new URLSearchParams({ limit: "200" });
    if (channel) asked.set("channel", channel);
    if (kind) asked.set("kind", kind);
    if ($("f-overdue").checked) asked.set("overdue", "true");
    const added = new URLSearchParams(asked);
    added.set("has_addition", "true");
    const [queue, additions, open] = await Promise.all([ask("GET", `queue?${asked}`), ask("GET", `queue?${added}`), ask("GET", "drafts")]);
    // What was added to an item has to be read, in whatever state the item is: it comes first, closed ones too.
    const waiting = queue.items.filter((one) => ["received", "in_work"].includes(one.state) && !one.has_addition);
    items = [...additions.items, ...waiting].filter((one) => !$("f-mine").checked || one.holder === agent);
    drafts = open.items;
    showList();
  } catch {
    // told by the events' socket, which tries again
  }
}

function row(className, tags, time, what, open, current) {
  const line = make("li");
  const whole = button("", open, className);
  const top = make("div", "", "top");
  const left = make("span");
  left.append(...tags.filter(Boolean).map((tag) => make("span", tag, "tag")));
  top.append(left, time);
  whole.append(top, make("div", what, "what"));
  if (current) whole.setAttribute("aria-current", "true");
  line.append(whole);
  return line;
}

// As the gateway masks numbers in lists: web/masks.py.
function masked(number = "") {
  return number && `****${number.length > 7 ? number.slice(-4) : ""}`;
}

function showList() {
  const rows = [];
  for (const one of drafts) {
    let said = {};
    try {
      said = JSON.parse(one.text || "{}");
    } catch {}
    const open = () => popUp({ id: one.call_id, caller: said.phone, kind: said.kind || "unsorted" });
    rows.push(row("call", [w("channel.phone"), w("draft")], make("span", when(one.at), "soft clock"), [masked(said.phone), said.content].filter(Boolean).join(" "), open, pop?.id === one.call_id));
  }
  for (const one of items) {
    const due = one.due[0];
    const late = due && due.on < today();
    const time = due ? make("span", late ? w("overdue") : `${w("due")} ${due.on.slice(5)}`, late ? "late" : "soft clock") : make("span");
    const what = [one.respondent.name, one.content].filter(Boolean).join("：");
    const holder = one.holder ? (one.holder === agent ? w("mine") : one.holder) : "";
    const added = one.has_addition && [w("has_addition"), w(`item.${one.state}`)].join(" · ");
    rows.push(row("item", [added, w(`channel.${one.channel}`), w(`kind.${one.kind}`), w(`task.${one.task}`), holder], time, what, () => openItem(one.number), item.current()?.number === one.number));
  }
  const focused = document.activeElement?.closest("#rows") ? [...$("rows").querySelectorAll("button")].indexOf(document.activeElement) : -1;
  $("rows").replaceChildren(...rows);
  if (focused >= 0) $("rows").querySelectorAll("button")[Math.min(focused, rows.length - 1)]?.focus();
  $("list-count").textContent = rows.length;
  $("list-empty").hidden = rows.length > 0;
}

function move(by) {
  const buttons = [...$("rows").querySelectorAll("button")];
  here = Math.min(buttons.length - 1, Math.max(0, (document.activeElement?.closest("#rows") ? buttons.indexOf(document.activeElement) : here) + by));
  buttons[here]?.focus();
}

for (const id of ["f-channel", "f-kind", "f-mine", "f-overdue"]) $(id).addEventListener("change", readList);

// ------------------------------------------------------------ one item

async function openItem(number) {
  await leaveDraft();
  try {
    item.show(await ask("GET", `queue/${number}`));
    show("item");
    showList();
  } catch (problem) {
    alarm(problem.message);
  }
}

function closeItem() {
  item.close();
  show(pop ? "pop" : "idle");
  showList();
}

item.begin(readList, openItem);
if (/^#\d{12}$/.test(location.hash)) openItem(location.hash.slice(1));
$("close-item").addEventListener("click", closeItem);

// ------------------------------------------------------------ consulting others

let partners = [];

function fillTargets(agents) {
  const options = partners.map((one) => [`partner:${one.id}`, one.name]);
  options.push(...agents.filter((one) => one.id !== agent && one.state !== "offline").map((one) => [`agent:${one.id}`, one.name]));
  const chosen = $("target").value;
  $("target").replaceChildren(...options.map(([value, name]) => Object.assign(make("option", name), { value })));
  if (options.some(([value]) => value === chosen)) $("target").value = chosen;
  showAdvice();
}
$("target").addEventListener("focus", readSeatsSoon);

const nameOf = (target) => partners.find((one) => one.id === target)?.name || [...$("target").options].find((one) => one.value === `agent:${target}`)?.text || target;

// What a partner is told before it is joined, by its file: seen while it is chosen and while it is spoken with.
function showAdvice() {
  const [what, id] = $("target").value.split(":");
  $("advice").textContent = what === "partner" ? partners.find((one) => one.id === id)?.told_before_joining || "" : "";
}
$("target").addEventListener("change", showAdvice);

// Whoever was asked into another's call sees how it goes, and moves it once it is his.
function showTransfer({ state, target, outcome, agent: mover = agent } = {}) {
  const going = Boolean(state) && !["over", "back", "requeued", "handed_over"].includes(state);
  const taken = state === "handed_over" && target === agent;
  const mine = mover === agent || taken;
  const now = going ? w(`transfer.${state}`) : state && !taken && w(`outcome.${outcome}`);
  $("transfer-state").textContent = now ? `${nameOf(target)} · ${now}` : "";
  for (const id of ["target", "consult", "direct"]) $(id).hidden = going || !mine;
  $("merge").hidden = !mine || state !== "consult";
  $("back").hidden = !mine || !going;
  $("leave").hidden = !mine || !["consult", "joined"].includes(state);
}

// What was told while nobody listened.
const readTransfer = () => ask("GET", `calls/${path(own.call_id)}/transfer`).then(showTransfer, () => showTransfer());

function consult(direct) {
  const [what, id] = $("target").value.split(":");
  moveCall("consult", { [what]: id, direct });
}

$("consult").addEventListener("click", () => consult(false));
$("direct").addEventListener("click", () => consult(true));
for (const what of ["merge", "back", "leave"]) $(what).addEventListener("click", () => moveCall(what, {}));

async function moveCall(what, body) {
  try {
    await ask("POST", `calls/${path(pop.id)}/${what}`, what === "consult" ? body : undefined);
  } catch (problem) {
    $("transfer-state").textContent = problem.message;
  }
}

// ------------------------------------------------------------ what is told

// Whatever comes meanwhile is in the same reading; a call that rings goes first.
let reading = 0;
function readSoon() {
  reading ||= setTimeout(async () => {
    await earlier;
    await readList();
    reading = 0;
  }, READ_EVERY * (0.5 + Math.random()));
}

function showWaiting(waiting) {
  $("queue-now").textContent = waiting ? `${w("waited")} ${waiting}` : "";
}

function told(name, what) {
  if (name === "call.pop") popUp(what);
  else if (name === "agent.state" && what.id === agent) {
    own = { ...own, ...what };
    showSeat();
    showCall();
    if (leads || what.state === "talking") readSeatsSoon(); // who else could take the call
  } else if (name === "agent.state") {
    if (leads) readSeatsSoon();
  } else if (name === "desk.phone" && what.page !== page) {
    yieldPhone();
  } else if (name === "transfer.state" && what.call === pop?.id) showTransfer(what);
  else if (name === "call.draft") draft.look(what.id);
  else if (name === "call.fax") {
    if (what.id === pop?.id) $("transfer-state").textContent = w("became_fax");
  } else if (name === "call.ended") {
    if (what.id === pop?.id) showTransfer();
  } else if (name === "queue.changed" && "waiting" in what) showWaiting(what.waiting);
  else if (["item.new", "queue.changed"].includes(name)) readSoon();
}

listen(
  page,
  told,
  async () => {
    alarm("");
    own.since = null; // whatever was known is from before the break
    await readSeat().catch(() => {});
    if (phone) ask("POST", "seat-phone", { page }).catch((problem) => problem.status === 409 && yieldPhone());
    if (own.call_id && !pop) popUp({ id: own.call_id, kind: "unsorted" });
    if (own.call_id) readTransfer();
    readList();
    ask("GET", "lines").then((lines) => showWaiting(lines.waiting.length), () => {});
  },
  () => alarm(w("no_answer")),
);

// ------------------------------------------------------------ buttons and keys

if (seat) {
  $("ready").addEventListener("click", () => setSeat("ready"));
  $("pause").addEventListener("click", () => setSeat("paused", $("reason").value));
  $("offline").addEventListener("click", () => setSeat("offline"));
  $("which").value = localStorage.getItem("which") || "browser";
  $("which").addEventListener("change", () => {
    localStorage.setItem("which", $("which").value);
    if ($("which").value === "browser") startPhone();
    else stopPhone();
    if (own.state !== "offline") setSeat("ready");
  });
  $("take").addEventListener("click", () => startPhone(true));
  startPhone();
  ask("GET", "partners").then((found) => (partners = found.items), () => {});
}
$("answer").addEventListener("click", () => phone.answer());
$("hang-up").addEventListener("click", () => phone.hangUp());
$("hold").addEventListener("click", () => phone.hold());
$("mute").addEventListener("click", () => phone.mute());
$("pad-toggle").addEventListener("click", () => {
  $("pad").hidden = !$("pad").hidden;
  $("pad-toggle").setAttribute("aria-expanded", String(!$("pad").hidden));
});
$("pad").addEventListener("click", ({ target }) => target.dataset.key && phone.key(target.dataset.key));
$("help").addEventListener("click", () => $("keys").showModal());

const KEYS = {
  F2: () => phone?.answer(),
  "Shift+F2": () => phone?.hangUp(),
  F4: () => phone?.hold(),
  F7: () => phone?.mute(),
  F8: () => seat && setSeat("ready"),
  F9: () => seat && setSeat("paused", $("reason").value),
  F10: () => (!$("pop").hidden ? register(false) : !$("complete").hidden && $("complete").click()),
  "Shift+F10": () => !$("pop").hidden && register(true),
};
const PLAIN = { j: () => move(1), k: () => move(-1), "/": () => $("f-channel").focus(), "?": () => $("keys").showModal(), v: () => item.current() && !$("fax-pages").hidden && $("fax-pages").click() };

document.addEventListener("keydown", (event) => {
  const name = (event.shiftKey && /^F\d/.test(event.key) ? "Shift+" : "") + event.key;
  const inField = event.target.closest("input, textarea, select");
  let does = KEYS[name];
  if (!does && event.altKey && /^[123]$/.test(event.key) && !$("pop").hidden)
    does = () => $("draft").querySelectorAll("[name=kind]")[event.key - 1].click();
  if (!does && !inField && !event.ctrlKey && !event.metaKey && !event.altKey) does = PLAIN[event.key];
  if (!does && event.key === "Escape" && item.current() && !$("keys").open) does = closeItem;
  if (!does && event.key === "Enter" && !inField && event.target === document.body && item.current() && !$("claim").hidden) does = () => $("claim").click();
  if (!does) return;
  event.preventDefault();
  does();
});
