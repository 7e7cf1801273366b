// /desk/dispatch: what is to be assigned with the likely unit, and orders that wait for the centre.
import { ask, listen, readAgain } from "./desk_server.js";
import { assign, isReady, pick, readUnits, showAssign } from "./assign_form.js";
import { keepWords } from "./kept_words.js";
import { $, alarm, button, lang, make, spaced, told, w } from "./desk_parts.js";
import { badge, factRows, itemFacts, itemLines, orderFacts, orderLines } from "./dispatch_rows.js";

const PAGE = 20;
const READ_AFTER = 700; // milliseconds: so long changes are gathered
const TO_ASSIGN = "to_assign";
// What the centre does with an order of each list, and whether words are needed.
const ACTS = { returned: [["uphold", true]], assigned: [["take_back", false]], reported: [], extension_asked: [] };
const tabs = [...$("tabs").querySelectorAll("[role=tab]")];
const names = new Map(); // of units, by id
let tab = TO_ASSIGN;
let rows = []; // items or orders, as they were read
let next = null;
let chosen = null;
let reading = 0;
const words = keepWords($("acting"), () => chosen?.id && `order:${chosen.id}:${tab}`);

const actsOf = (order) => ACTS[tab].filter(([name]) => order.possible.includes(name.replace("_", "-")));
const keyOf = (row) => (row ? `${row.id || ""} ${row.number}` : "");
const nameOf = (id) => names.get(id) || id;

// ------------------------------------------------------------ the list

function pathOf(after, limit) {
  const wish = tab === TO_ASSIGN ? { kind: $("f-kind").value, county: $("f-county").value } : { state: tab };
  const asked = Object.entries({ ...wish, after, limit }).filter(([, value]) => value);
  return `${tab === TO_ASSIGN ? "dispatch" : "orders"}?${new URLSearchParams(asked)}`;
}

async function read(more = false) {
  const mine = ++reading;
  const keep = Math.min(100, Math.max(PAGE, rows.length));
  try {
    const page = await ask("GET", pathOf(more ? next : "", more ? PAGE : keep));
    if (mine !== reading) return;
    const items = page.items.filter((row) => tab !== "returned" || row.possible.includes("uphold")); // others lie with their bureau
    rows = more ? [...rows, ...items] : items;
    next = page.next;
    if (page.total !== undefined && page.total !== null) $(`count-${tab}`).textContent = page.total;
    $("fault").textContent = "";
    show();
  } catch (problem) {
    if (mine === reading) {
      $("fault").textContent = told(problem);
      readAgain(problem, () => mine === reading && read());
    }
  } finally {
    if (mine === reading) $("loading").hidden = true;
  }
}

function show() {
  const focused = document.activeElement?.closest("#rows li")?.dataset.key;
  $("rows").replaceChildren(...rows.map(rowOf));
  $("empty").hidden = rows.length > 0;
  $("more").hidden = !next;
  const still = rows.find((row) => keyOf(row) === keyOf(chosen));
  if (chosen && still) open(still, false);
  else if (chosen) close();
  if (focused) ($("rows").querySelector(`[data-key="${focused}"] button`) || $("rows").querySelector("button"))?.focus();
  document.body.dataset.read = `${tab} ${rows.length}`;
}

function rowOf(row) {
  const line = make("li");
  line.dataset.key = keyOf(row);
  const opened = button("", () => open(row));
  opened.append(...(tab === TO_ASSIGN ? itemLines(row) : orderLines(row, nameOf)));
  opened.addEventListener("focus", () => keyOf(row) !== keyOf(chosen) && !matchMedia("(max-width: 760px)").matches && open(row));
  line.append(opened);
  return line;
}

const lineOf = (row) => $("rows").querySelector(`[data-key="${keyOf(row)}"]`);

// ------------------------------------------------------------ one of them

async function open(row, another = true) {
  chosen = row;
  for (const line of $("rows").children) line.firstChild.toggleAttribute("aria-current", line.dataset.key === keyOf(row));
  if (!another && tab !== TO_ASSIGN) return undefined; // an order stays as it was read whole
  $("one").hidden = false;
  $("none-chosen").hidden = true;
  document.querySelector(".panes").classList.add("opened");
  $("one-number").textContent = spaced(row.number);
  $("one-number").href = `/desk#${row.number}`;
  $("one-state").textContent = tab === TO_ASSIGN ? w(`item.${row.state}`) : w(`order.${row.state}`);
  $("one-due").replaceWith(Object.assign(badge(row.due?.level ? row.due : null), { id: "one-due" }));
  $("assigning").hidden = ![TO_ASSIGN, "returned"].includes(tab);
  $("acting").hidden = tab === TO_ASSIGN || !actsOf(row).length;
  $("one-facts").replaceChildren(...factRows(tab === TO_ASSIGN ? itemFacts(row) : orderFacts(row, nameOf)));
  if (tab === TO_ASSIGN) return showAssign(row, assigned);
  if (another) await openOrder(row);
}

async function openOrder(row) {
  $("act-text").value = "";
  words.restore();
  $("act-fault").textContent = "";
  const acts = actsOf(row);
  $("acting").hidden = !acts.length;
  $("act-name").textContent = acts.length ? w(`word.${acts[0][0]}`) : "";
  $("act-buttons").replaceChildren(...acts.map(([name, needs]) => button(w(`act.${name}`), () => act(row, name, needs), "main")));
  try {
    const whole = await ask("GET", `orders/${row.id}`);
    const item = tab === "returned" ? await ask("GET", `dispatch/${row.number}`) : null;
    if (keyOf(row) !== keyOf(chosen)) return;
    $("one-facts").replaceChildren(...factRows([...orderFacts(whole, nameOf), ...(item ? itemFacts(item.item) : [])]));
    if (item) showAssign(item.item, assigned);
  } catch (problem) {
    if (keyOf(row) === keyOf(chosen)) $("act-fault").textContent = told(problem);
  }
}

function close() {
  chosen = null;
  $("one").hidden = true;
  $("none-chosen").hidden = false;
  document.querySelector(".panes").classList.remove("opened");
}

async function act(row, name, needs) {
  const text = $("act-text").value.trim();
  if (needs && !text) {
    $("act-fault").textContent = w(`needed.${name}`);
    $("act-text").focus();
    return;
  }
  try {
    await ask("POST", `orders/${row.id}/${name.replace("_", "-")}`, text ? { text } : {});
    words.sent();
    say(w(`done.${name}`, spaced(row.number), nameOf(row.unit)));
    await gone(row);
  } catch (problem) {
    $("act-fault").textContent = told(problem);
  }
}

/** It is out of this list: the one behind it is next. */
async function gone(row) {
  const place = rows.findIndex((other) => keyOf(other) === keyOf(row));
  rows = rows.filter((other) => keyOf(other) !== keyOf(row));
  const follows = rows[Math.min(place, rows.length - 1)];
  chosen = null;
  show();
  if (follows && !matchMedia("(max-width: 760px)").matches) lineOf(follows)?.firstChild.focus();
  else close();
  await read();
}

async function assigned(order, unit) {
  const row = chosen;
  say(w("done.assign", spaced(order.number), unit, order.due || ""));
  if (order.possible.includes("take-back")) $("done").append(" ", button(w("act.take_back"), () => takeBack(order)));
  await gone(row);
}

async function takeBack(order) {
  try {
    await ask("POST", `orders/${order.id}/take-back`, {});
    say(w("done.take_back", spaced(order.number), nameOf(order.unit)));
    await read();
  } catch (problem) {
    say(told(problem), "bad");
  }
}

function say(text, level = "good") {
  $("done").hidden = !text;
  $("done").className = `notice ${level}`;
  $("done").textContent = text;
}

// ------------------------------------------------------------ tabs, keys

function turn(wanted) {
  tab = wanted;
  say("");
  rows = [];
  next = null;
  close();
  for (const one of tabs) {
    one.setAttribute("aria-selected", String(one.dataset.tab === tab));
    one.tabIndex = one.dataset.tab === tab ? 0 : -1;
  }
  $("list").setAttribute("aria-labelledby", `tab-${tab}`);
  $("filters").hidden = tab !== TO_ASSIGN;
  $("rows").replaceChildren();
  $("empty").hidden = true;
  $("loading").hidden = false;
  history.replaceState(null, "", tab === TO_ASSIGN ? location.pathname : `#${tab}`);
  return read();
}

for (const [place, one] of tabs.entries()) {
  one.addEventListener("click", () => turn(one.dataset.tab));
  one.addEventListener("keydown", ({ key }) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[key];
    if (by) tabs[(place + by + tabs.length) % tabs.length].focus();
  });
}

function move(by) {
  const all = [...$("rows").querySelectorAll("button")];
  const at = all.findIndex((one) => one.parentElement.dataset.key === keyOf(chosen));
  all[Math.max(0, Math.min(all.length - 1, at + by))]?.focus();
}

// Does Enter mean the item that is shown: nothing has the focus, or only its own row?
const isAtChosen = (target) => chosen && (target === document.body || target.matches("#rows [aria-current]"));
const isTyping = (target) => target.matches("input:not([type=radio]), textarea, select, a");
document.addEventListener("keydown", (event) => {
  const { key, target } = event;
  if (event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented) return;
  if (key === "Escape" && isTyping(target) && chosen) lineOf(chosen)?.firstChild.focus();
  if (isTyping(target)) return;
  const keys = { ArrowDown: () => move(1), ArrowUp: () => move(-1), "/": () => $("as-unit").focus() };
  if (keys[key] && (key !== "/" || !$("one").hidden)) {
    event.preventDefault();
    keys[key]();
  } else if (/^[1-5]$/.test(key) && chosen && !$("assigning").hidden) pick(Number(key) - 1);
  else if (key === "Enter" && isAtChosen(target) && tab === TO_ASSIGN && !event.repeat) {
    event.preventDefault();
    if (isReady()) assign(); // not before one could see by when it is due
  }
});

$("back").addEventListener("click", close);
$("more").addEventListener("click", () => read(true));
for (const id of ["f-kind", "f-county"]) $(id).addEventListener("change", () => turn(TO_ASSIGN));

let soon = 0;
function readSoon(name) {
  if (name !== "queue.changed" && name !== "item.new") return;
  soon ||= setTimeout(() => {
    soon = 0;
    read();
  }, READ_AFTER);
}

async function begin() {
  const { items } = await ask("GET", "units");
  for (const unit of items) names.set(unit.id, (lang === "en" && unit.en) || unit.zh);
  await readUnits();
  alarm("");
  const wanted = location.hash.slice(1);
  await turn(wanted in ACTS ? wanted : TO_ASSIGN);
  const again = (missed) => {
    alarm("");
    if (missed) readSoon("queue.changed");
  };
  listen("dispatch", readSoon, again, () => alarm(w("not_live")));
}

async function start() {
  try {
    await begin();
  } catch (problem) {
    $("loading").hidden = true;
    alarm(told(problem));
    readAgain(problem, start);
  }
}
start();
