// /unit: the orders of a unit, the first to be due first, in tabs; the chosen one is unit_order.js.
import { ask } from "./desk_server.js";
import { $, alarm, make, path, spaced, told, w, when } from "./desk_parts.js";
import { changed, isOpen, show } from "./unit_order.js";
import { left } from "./unit_clock.js";

const OWN = document.body.dataset.unit;
const EVERY = 60_000; // milliseconds between looks for what others changed
const PAGE = 100;
const TABS = {
  todo: () => true,
  sign: (order) => ["assigned", "done_again"].includes(order.state),
  handling: (order) => ["signed", "handling", "extension_asked"].includes(order.state),
  late: (order) => order.late,
  back: (order) => order.state === "sent_back",
};
const ASKED = { reported: "state=reported", closed: "state=closed", copies: "copies_only=true&open=true" }; // lists that are read when they are opened
let owed = []; // what the unit has to do
let copies = 0; // open orders of which it has a copy
let other = []; // rows of a list of ASKED
let next = null;
let tab = "todo";

function rowOf(order) {
  const row = make("li");
  const open = make("button");
  open.type = "button";
  open.dataset.id = order.id;
  if (isOpen(order.id)) open.setAttribute("aria-current", "true");
  const top = make("span", "", "top");
  const tags = make("span");
  tags.append(make("span", w(`kind.${order.kind}`), "tag"));
  if (order.urgency !== "general") tags.append(make("span", w(`urgency.${order.urgency}`), "chip bad"));
  tags.append(make("span", w(`order.${order.state}`), "small soft"));
  const clock = left(order);
  const due = make("span", clock?.words ?? "", "due");
  if (clock) due.dataset.level = clock.level;
  top.append(tags, due);
  const where = order.unit === OWN ? "" : order.unit_name;
  open.append(top, make("span", order.respondent_name || w("no_respondent"), "who"), make("span", order.summary, "what"), make("span", [spaced(order.number), where].filter(Boolean).join(" · "), "no"));
  open.addEventListener("click", () => choose(order.id));
  row.append(open);
  return row;
}

function list() {
  const rows = ASKED[tab] ? other : owed.filter(TABS[tab]);
  $("rows").replaceChildren(...rows.map(rowOf));
  $("rows-empty").hidden = rows.length > 0;
  $("more").hidden = !next;
  for (const name of Object.keys(TABS)) $(`count-${name}`).textContent = owed.filter(TABS[name]).length || "";
  $("count-copies").textContent = copies || "";
  $("tab-late").dataset.level = owed.some((order) => order.late) ? "late" : "";
}

async function read(more = false) {
  const asked = ASKED[tab] ?? "todo=true";
  const after = more && next ? `&after=${path(next)}` : "";
  try {
    const page = await ask("GET", `orders?${asked}&limit=${PAGE}${after}`);
    if (ASKED[tab]) other = more ? [...other, ...page.items] : page.items;
    else owed = more ? [...owed, ...page.items] : page.items;
    next = page.next;
    if (tab === "copies") await closedCopies(page, more);
    else copies = (await ask("GET", `orders?${ASKED.copies}&limit=${PAGE}`)).items.length;
    list();
    alarm("");
    $("read-at").textContent = `${w("read_at")} ${when(new Date()).split(" ").pop()}`;
    document.body.dataset.read = tab;
  } catch (problem) {
    alarm(told(problem));
  }
}

// Below the copies of what is open those of what was closed, the last one first.
async function closedCopies(page, more) {
  if (!more) copies = page.items.length;
  if (page.next) return;
  const closed = await ask("GET", `orders?copies_only=true&state=closed&limit=${PAGE}`);
  other = [...other, ...closed.items.reverse()];
}

async function choose(id, focus = true) {
  try {
    show(await ask("GET", `orders/${path(id)}`));
    history.replaceState(null, "", `#${id}`);
    document.body.dataset.view = "order";
    list();
    if (focus) $("order-name").focus();
  } catch (problem) {
    alarm(told(problem));
  }
}

function turnTo(name) {
  tab = name;
  next = null;
  for (const button of document.querySelectorAll("#tabs [role=tab]")) {
    const chosen = button.dataset.tab === name;
    button.setAttribute("aria-selected", String(chosen));
    button.tabIndex = chosen ? 0 : -1;
  }
  $("panel").setAttribute("aria-labelledby", `tab-${name}`);
  other = [];
  read();
}

$("tabs").addEventListener("click", ({ target }) => {
  const button = target.closest("[role=tab]");
  if (button) turnTo(button.dataset.tab);
});
$("tabs").addEventListener("keydown", (event) => {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!step) return;
  const buttons = [...document.querySelectorAll("#tabs [role=tab]")];
  const to = buttons[(buttons.findIndex((button) => button.dataset.tab === tab) + step + buttons.length) % buttons.length];
  turnTo(to.dataset.tab);
  to.focus();
});
$("more").addEventListener("click", () => read(true));
$("back").addEventListener("click", () => {
  document.body.dataset.view = "list";
  document.querySelector("#rows [aria-current]")?.focus();
});
changed(() => read());
const look = () => document.visibilityState === "visible" && read();
document.addEventListener("visibilitychange", look);
setInterval(look, EVERY);

await read();
const asked = location.hash.slice(1);
if (asked) choose(asked);
else if (owed.length && matchMedia("(min-width: 761px)").matches) choose(owed[0].id, false);
