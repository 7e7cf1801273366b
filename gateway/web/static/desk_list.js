// The list: tabs with the gateway's counts, filters, order, and pages that come while one scrolls. Its state stands
// in the address: #tab=overdue&kind=complaint&sort=age.
import { ask } from "./desk_server.js";
import { $, w } from "./desk_parts.js";
import { now, on } from "./desk_now.js";
import { historyShown } from "./desk_call.js";
import { openItem } from "./desk_item.js";
import { readMentions } from "./desk_mentions.js";
import { draftRow, itemRow, markCurrent, move, showRows } from "./desk_list_rows.js";

export { move };
const PAGE = 50; // rows
const READ_EVERY = 600; // milliseconds: so long the list gathers changes; each desk a little differently
const COUNT_EVERY = 60_000; // milliseconds: leases and clocks run out without an event
const FILTERS = ["kind", "channel", "county", "sort"];
const DEFAULTS = { tab: "waiting", kind: "", channel: "", county: "", sort: "clock" };
const tabs = [...$("tabs").querySelectorAll("[role=tab]")];

let asked = { ...DEFAULTS };
let pages = []; // {after, items, next}, in order; those after the one that is seen may be dropped
let drafts = [];
let reading = 0; // the number of the latest reading: an earlier one that answers later is not shown
let isHeld = false; // a change that came while the pointer was over the rows waits

// ------------------------------------------------------------ reading

const pageFrom = (after) => {
  const wish = Object.entries({ ...asked, after, limit: PAGE }).filter(([, value]) => value);
  return ask("GET", `queue/rows?${new URLSearchParams(wish)}`).then(({ items, next }) => ({ after, items, next }));
};

// The whole list anew from its top: another tab, another filter.
async function begin() {
  pages = [];
  showRows(drafts.map(draftRow));
  $("scroll").scrollTop = 0;
  showState("loading");
  await read(0);
}

// Pages from one on, as far as somebody sees; what is below comes again when it is scrolled to.
async function read(first) {
  const mine = ++reading;
  const last = Math.max(first, lastSeen());
  const fresh = [];
  try {
    let after = pages[first]?.after || "";
    for (let place = first; place <= last && after !== null; place += 1) {
      fresh.push(await pageFrom(after));
      after = fresh.at(-1).next;
    }
    if (mine !== reading) return;
    pages = [...pages.slice(0, first), ...fresh];
    show();
  } catch (problem) {
    if (mine === reading) showState("failed", problem.message);
  }
}

const perRow = () => [...$("rows").children].filter((row) => row.dataset.number);

function pageOf(number) {
  return pages.findIndex(({ items }) => items.some((item) => item.number === number));
}

function seen() {
  const { top, bottom } = $("scroll").getBoundingClientRect();
  return perRow().filter((row) => {
    const box = row.getBoundingClientRect();
    return box.bottom > top && box.top < bottom;
  });
}
const firstSeen = () => Math.max(0, pageOf(seen()[0]?.dataset.number));
const lastSeen = () => Math.max(0, pageOf(seen().at(-1)?.dataset.number));

async function readDrafts() {
  ({ items: drafts } = await ask("GET", "drafts"));
}

export async function readList() {
  try {
    await Promise.all([readDrafts(), readCounts(), readMentions()]);
  } catch {
    // told by the events' socket, which tries again; so is the list's own failure, beside the rows
  }
  await read(firstSeen());
}
on("changed", () => {
  isHeld = false;
  readList();
});
on("shown", markCurrent);

let soon = 0;
// Whatever comes meanwhile is in the same reading; a call that rings goes first.
export function readSoon() {
  soon ||= setTimeout(async () => {
    await historyShown();
    soon = 0;
    isHeld = $("rows").matches(":hover");
    await readList();
  }, READ_EVERY * (0.5 + Math.random()));
}

async function more() {
  const { next } = pages.at(-1) || {};
  if (!next || $("more").getAttribute("aria-busy") === "true") return;
  const mine = reading;
  isHeld = false;
  $("more").setAttribute("aria-busy", "true");
  try {
    const page = await pageFrom(next);
    if (mine === reading) pages.push(page);
    show();
  } catch (problem) {
    $("more").hidden = true; // until it is read again
    showState("failed", problem.message);
  } finally {
    $("more").removeAttribute("aria-busy");
    watch();
  }
}
$("more").addEventListener("click", more);
const watcher = new IntersectionObserver((entries) => entries.at(-1).isIntersecting && more(), { root: $("scroll"), rootMargin: "400px" });
// Observed anew it tells again, also when the end of the list was in sight before and is still.
function watch() {
  watcher.unobserve($("more"));
  watcher.observe($("more"));
}

// ------------------------------------------------------------ showing

function show() {
  const numbers = new Set();
  const items = pages.flatMap((page) => page.items).filter(({ number }) => !numbers.has(number) && numbers.add(number));
  const rows = [...drafts.map(draftRow), ...items.map((item) => itemRow(item, asked.tab))];
  if (isHeld && moves(rows)) return void ($("stale").hidden = false);
  $("stale").hidden = true;
  showRows(rows);
  $("more").hidden = !pages.at(-1)?.next;
  watch();
  showState(rows.length ? "" : "empty");
}

// Would the rows under the pointer become others?
function moves(rows) {
  const keys = (list) => list.map(({ key }) => key).join();
  return keys(rows) !== keys([...$("rows").children]);
}

function letGo() {
  if (!isHeld) return;
  isHeld = false;
  show();
}
$("stale").addEventListener("click", letGo);
$("scroll").addEventListener("pointerleave", letGo);

function showState(state, words = "") {
  $("list-loading").hidden = state !== "loading";
  $("list-failed").hidden = state !== "failed";
  $("list-fault").textContent = words;
  $("list-empty").hidden = state !== "empty";
  const isFiltered = FILTERS.some((name) => name !== "sort" && asked[name]);
  $("list-empty-word").textContent = w(isFiltered ? "empty.filtered" : `empty.${asked.tab}`);
  $("clear-filters").hidden = !isFiltered;
  document.body.dataset.list = state === "loading" ? "" : asked.tab;
}
$("list-again").addEventListener("click", readList);

// ------------------------------------------------------------ tabs and their counts

async function readCounts() {
  const counts = await ask("GET", "queue/counts");
  for (const tab of tabs) tab.querySelector(".count").textContent = counts[tab.dataset.tab];
  $("tab-overdue").dataset.level = counts.overdue ? "late" : "";
}
setInterval(() => document.visibilityState === "visible" && readCounts().catch(() => {}), COUNT_EVERY);

function showAsked() {
  for (const tab of tabs) {
    const isChosen = tab.dataset.tab === asked.tab;
    tab.setAttribute("aria-selected", String(isChosen));
    tab.tabIndex = isChosen ? 0 : -1;
    if (isChosen) $("scroll").setAttribute("aria-labelledby", tab.id);
  }
  for (const name of FILTERS) $(`f-${name}`).value = asked[name];
}

function address() {
  const said = Object.entries(asked).filter(([name, value]) => name === "tab" || value !== DEFAULTS[name]);
  return `#${new URLSearchParams(said)}`;
}

// Another tab or filter, by the page's own means: the address says so, and Back returns.
function choose(change) {
  asked = { ...asked, ...change };
  now.listAddress = address();
  if (location.hash !== now.listAddress) history.pushState(null, "", now.listAddress);
  showAsked();
  return begin();
}

// What the address says, as far as it names a list.
export function follow(hash) {
  const said = Object.fromEntries(new URLSearchParams(hash.slice(1)));
  const isKnown = tabs.some((tab) => tab.dataset.tab === said.tab);
  const wanted = { ...DEFAULTS, ...(isKnown ? said : {}) };
  const names = Object.keys(DEFAULTS);
  if (now.listAddress && names.every((name) => asked[name] === wanted[name])) return;
  asked = Object.fromEntries(names.map((name) => [name, wanted[name]]));
  now.listAddress = address();
  showAsked();
  begin();
}

export const chooseTab = (place) => tabs[place] && choose({ tab: tabs[place].dataset.tab });
for (const [place, tab] of tabs.entries()) tab.addEventListener("click", () => chooseTab(place));
$("tabs").addEventListener("keydown", (event) => {
  const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!by) return;
  const to = (tabs.indexOf(event.target) + by + tabs.length) % tabs.length;
  tabs[to].focus();
  chooseTab(to);
});
for (const name of FILTERS) $(`f-${name}`).addEventListener("change", () => choose({ [name]: $(`f-${name}`).value }));
$("clear-filters").addEventListener("click", () => choose({ kind: "", channel: "", county: "" }));
$("rows").addEventListener("keydown", (event) => {
  const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!by) return;
  event.preventDefault();
  move(by);
});

// ------------------------------------------------------------ the next one, and who waits

// Claims the next item that waits, within the filters, and opens it.
export async function claimNext() {
  const { kind, channel, county } = asked;
  const wish = Object.fromEntries(Object.entries({ kind, channel, county }).filter(([, value]) => value));
  try {
    const item = await ask("POST", "queue/claim", wish);
    $("list-said").textContent = item ? "" : w("none_waits");
    if (!item) return;
    await openItem(item.number);
    readList();
  } catch (problem) {
    $("list-said").textContent = problem.message;
  }
}
$("claim-next").addEventListener("click", claimNext);

export function showWaiting(waiting) {
  $("queue-now").textContent = waiting ? w("callers_wait", waiting) : "";
}
