// /desk/units: the tree of units; of the chosen one its fields, its people, and what was changed.
import { ask, Problem, readAgain } from "./desk_server.js";
import { keepWords } from "./kept_words.js";
import { $, alarm, make, path, told, w, when } from "./desk_parts.js";

const TEXTS = ["zh", "en", "mail", "leader_mail", "fax", "hours", "area"];
const LISTS = { phones: /[,，、;；]+/, places: /[\s,，、;；]+/ };
const FLAGS = ["online", "active", "verified"];
let units = [];
let shown = null; // the unit in the form, as the server has it
const words = keepWords($("unit-form"), () => shown && `unit:${shown.id}`);
const newWords = keepWords($("adding-form"), () => "unit:new");
let leaving = ""; // asked once more before a change that is not saved is lost

// ------------------------------------------------------------ the tree

function rowOf(unit) {
  const row = make("li");
  const open = make("button", unit.zh);
  open.type = "button";
  open.dataset.kind = unit.kind;
  open.dataset.id = unit.id;
  if (unit.id === shown?.id) open.setAttribute("aria-current", "true");
  const marks = [unit.id, !unit.online && w("offline"), !unit.active && w("closed"), !unit.verified && w("unverified")];
  open.append(make("small", marks.filter(Boolean).join(" · ")));
  open.addEventListener("click", () => choose(unit.id));
  row.append(open);
  return row;
}

function list() {
  const text = $("find").value.trim();
  const fits = (unit) => [unit.id, unit.zh, unit.en, ...unit.places].some((word) => word.includes(text));
  const rows = units.filter((unit) => !text || fits(unit));
  $("units").replaceChildren(...rows.map(rowOf));
  $("units-empty").hidden = rows.length > 0;
  $("units-shown").textContent = w("units_shown", units.length);
}

async function read() {
  try {
    units = (await ask("GET", "units")).items;
    list();
    alarm("");
    document.body.dataset.read = String(units.length);
  } catch (problem) {
    alarm(told(problem));
    readAgain(problem, read);
  }
}

// ------------------------------------------------------------ one unit

const parts = (id) => $(id).value.split(LISTS[id]).map((part) => part.trim()).filter(Boolean);

function formed() {
  const body = {};
  for (const id of TEXTS) body[id] = $(id).value.trim();
  for (const id of Object.keys(LISTS)) body[id] = parts(id);
  for (const id of FLAGS) body[id] = $(id).checked;
  return body;
}

function changes() {
  const body = formed();
  const same = (name) => JSON.stringify(body[name]) === JSON.stringify(shown[name]);
  return Object.fromEntries(Object.entries(body).filter(([name]) => !same(name)));
}

function fill() {
  for (const id of TEXTS) $(id).value = shown[id];
  for (const id of Object.keys(LISTS)) $(id).value = shown[id].join("、");
  for (const id of FLAGS) $(id).checked = shown[id];
  mark([]);
  $("unit-fault").textContent = "";
}

function undo() {
  words.sent();
  fill();
}

function mark(faults) {
  for (const id of [...TEXTS, ...Object.keys(LISTS)]) {
    const wrong = faults.some((fault) => fault.field.startsWith(id));
    wrong ? $(id).setAttribute("aria-invalid", "true") : $(id).removeAttribute("aria-invalid");
  }
}

async function choose(id) {
  if (shown && Object.keys(changes()).length && leaving !== id) {
    leaving = id;
    $("unit-fault").textContent = w("unsaved");
    $("unit-fault").scrollIntoView({ block: "nearest" });
    return;
  }
  if (leaving) words.sent();
  leaving = "";
  try {
    show(await ask("GET", `units/${path(id)}`));
    $("unit-saved").textContent = "";
    history.replaceState(null, "", `#${id}`);
    $("unit-name").focus();
  } catch (problem) {
    alarm(told(problem));
  }
}

function show({ unit, people, history: past }) {
  shown = unit;
  const name = (id) => units.find((one) => one.id === id)?.zh ?? id;
  $("idle").hidden = true;
  $("whole").hidden = false;
  $("unit-name").textContent = unit.zh;
  $("unit-id").textContent = unit.id;
  $("unit-place").textContent = [unit.id, w(`unit_kind.${unit.kind}`), unit.parent && name(unit.parent)].filter(Boolean).join(" · ");
  const reachable = unit.kind === "centre" || unit.online || unit.phones.length || unit.mail || unit.fax;
  $("unit-warning").hidden = Boolean(reachable);
  $("unit-warning").textContent = w("cannot_be_told");
  $("people-part").hidden = unit.kind === "centre";
  fill();
  words.restore();
  showPeople(people);
  $("history").replaceChildren(...past.map(changeOf));
  list();
  document.body.dataset.shown = unit.id;
}

function changeOf(change) {
  const row = make("li");
  const fields = Object.entries(change.changes).filter(([name]) => name !== "id");
  const text = ([name, [before, after]]) => (before === null ? `${w("made")}：${after}` : `${w(`unit.${name}`)}：${plain(before)} → ${plain(after)}`);
  row.append(make("div", fields.map(text).join("；")), make("small", `${when(change.at)} · ${change.who || w("by_rules")}`, "soft"));
  return row;
}

function plain(value) {
  if (typeof value === "boolean") return w(value ? "yes" : "no");
  return (Array.isArray(value) ? value.join("、") : value) || w("nothing");
}

async function showPeople(people) {
  const row = (one) => make("li", [one.name, one.id, w(`role.${one.role}`), one.locked && w("locked")].filter(Boolean).join(" · "));
  $("people").replaceChildren(...(people.length ? people.map(row) : [make("li", w("people_none"), "soft")]));
  const { items } = await ask("GET", "unit-people");
  const others = items.filter((one) => one.unit !== shown.id);
  $("account").replaceChildren(...others.map((one) => Object.assign(make("option", `${one.name}（${one.id}，${one.unit}）`), { value: one.id })));
  $("take-in").hidden = others.length === 0;
}

async function send(event, fault, method, address, body, kept = null) {
  event.preventDefault();
  fault.textContent = "";
  try {
    const whole = await ask(method, address, body);
    kept?.sent();
    units = (await ask("GET", "units")).items;
    show(whole);
    return true;
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    mark(problem.faults);
    fault.textContent = told(problem);
    return false;
  }
}

$("unit-form").addEventListener("submit", async (event) => {
  const saved = await send(event, $("unit-fault"), "PUT", `units/${path(shown.id)}`, changes(), words);
  $("unit-saved").textContent = saved ? w("saved") : "";
});
$("unit-form").addEventListener("reset", (event) => {
  event.preventDefault();
  undo();
});
$("unit-form").addEventListener("input", () => {
  leaving = "";
  $("unit-saved").textContent = "";
});
$("take-in").addEventListener("submit", (event) => send(event, $("people-fault"), "POST", `units/${path(shown.id)}/people`, { account: $("account").value }));
$("new").addEventListener("click", () => {
  $("adding-form").reset();
  newWords.restore();
  $("adding-fault").textContent = "";
  $("adding").showModal();
});
$("adding-form").addEventListener("submit", async (event) => {
  const body = { id: $("new-id").value.trim(), zh: $("new-zh").value.trim() };
  if (await send(event, $("adding-fault"), "POST", "units", body, newWords)) $("adding").close();
});
$("adding-cancel").addEventListener("click", () => $("adding").close());
$("find").addEventListener("input", list);

await read();
if (location.hash) choose(location.hash.slice(1));
