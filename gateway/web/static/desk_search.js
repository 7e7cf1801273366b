// The search above the list: what is found takes the list's place until it is closed. A number opens its item.
// Its state stands in the address: #q=恒信&from=2026-11-01&state=closed.
import { ask } from "./desk_server.js";
import { $, w } from "./desk_parts.js";
import { now } from "./desk_now.js";
import { openItem } from "./desk_item.js";
import { itemRow } from "./desk_list_rows.js";

const FIELDS = ["q", "from", "to", "kind", "state"];
const MOST_READ = 10; // pages that are read on by themselves: one may hold nothing of what is looked for
let asked = {};
let next = null;
let reading = 0; // the number of the latest reading: an earlier one that answers later is not shown

export const focusSearch = () => {
  $("q").focus();
  $("q").select();
};

// Does an address name a search, and not a list?
export const isSearch = (hash = "") => ["q", "from", "to"].some((name) => new URLSearchParams(hash.slice(1)).has(name));

const said = () => Object.fromEntries(FIELDS.map((name) => [name, $(`s-${name}`)?.value ?? $("q").value.trim()]).filter(([, value]) => value));
const address = () => `#${new URLSearchParams(asked)}`;

function submitted(event) {
  event?.preventDefault();
  const number = $("q").value.replace(/[\s-]/g, "");
  if (/^\d{12}$/.test(number)) return openItem(number);
  asked = said();
  if (!asked.q && !asked.from && !asked.to) return close();
  if (location.hash !== address()) history.pushState(null, "", address());
  return begin();
}
$("search").addEventListener("submit", submitted);
for (const name of FIELDS.slice(1)) $(`s-${name}`).addEventListener("change", submitted);

async function begin() {
  document.body.dataset.found = "1";
  now.listAddress = address();
  $("found").hidden = false;
  $("found-rows").replaceChildren();
  next = null;
  await read();
}

// One page more; pages on which nothing fits are passed over.
async function read() {
  const mine = ++reading;
  show("loading");
  try {
    for (let page = 0; page < MOST_READ; page += 1) {
      const answer = await ask("GET", `search?${new URLSearchParams({ ...asked, ...(next && { after: next }) })}`);
      if (mine !== reading) return;
      next = answer.next;
      $("found-indexing").hidden = answer.complete;
      $("found-rows").append(...answer.items.map((item) => itemRow(item, "").build()));
      if (answer.items.length || !next) break;
    }
    show($("found-rows").children.length || next ? "" : "empty");
  } catch (problem) {
    if (mine === reading) show("failed", problem.faults?.[0]?.[document.body.dataset.lang] || problem.message);
  }
}
$("found-more").addEventListener("click", read);
$("found-again").addEventListener("click", read);

function show(state, words = "") {
  const count = $("found-rows").children.length;
  $("found-count").textContent = state === "loading" ? "" : w(next ? "found_more" : "found", count);
  $("found-loading").hidden = state !== "loading";
  $("found-empty").hidden = state !== "empty";
  $("found-failed").hidden = state !== "failed";
  $("found-fault").textContent = words;
  $("found-more").hidden = state === "loading" || !next;
}

// Back to the list, with nothing left in the box.
function close() {
  reading += 1;
  asked = {};
  delete document.body.dataset.found;
  $("found").hidden = true;
  for (const name of FIELDS) ($(`s-${name}`) ?? $("q")).value = "";
}

$("found-close").addEventListener("click", () => {
  close();
  history.pushState(null, "", "#tab=waiting");
  dispatchEvent(new HashChangeEvent("hashchange"));
});
$("q").addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !$("found").hidden) $("found-close").click();
  if (event.key === "ArrowDown") foundButtons()[0]?.focus();
});

const foundButtons = () => [...$("found-rows").querySelectorAll("button")];
$("found-rows").addEventListener("keydown", (event) => {
  const by = { ArrowDown: 1, ArrowUp: -1, j: 1, k: -1 }[event.key];
  if (event.key === "Escape") focusSearch();
  if (!by) return;
  event.preventDefault();
  event.stopPropagation();
  const buttons = foundButtons();
  const to = buttons.indexOf(document.activeElement) + by;
  if (to < 0) focusSearch();
  else if (to < buttons.length) buttons[to].focus();
  else if (next) $("found-more").click();
});

// What the address says: another page links to /desk#q=恒信, and Back returns to what was found.
function follow() {
  const wanted = Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
  if (!isSearch(location.hash)) {
    if (wanted.tab && !$("found").hidden) close();
    return;
  }
  if (!$("found").hidden && location.hash === address()) return;
  for (const name of FIELDS) ($(`s-${name}`) ?? $("q")).value = wanted[name] || "";
  asked = said();
  begin();
}
addEventListener("hashchange", follow);
addEventListener("popstate", follow);
// Whoever pressed Enter before this script had come was sent to /desk?q=... by the browser.
if (isSearch(location.search)) history.replaceState(null, "", `${location.pathname}#${location.search.slice(1)}`);
follow();
