// The rows of the list as elements: kept by their item's number, so that a reading changes only what changed.
import { $, agent, button, lang, make, masked, spaced, w, when } from "./desk_parts.js";
import { now } from "./desk_now.js";
import { popUp } from "./desk_call.js";
import { current, openItem } from "./desk_item.js";
import { isMentioned } from "./desk_mentions.js";

const STEPS = [["day", 86400], ["hour", 3600], ["minute", 60]]; // of an age, in seconds
const SAME_STATE = { waiting: "received", papers: "waiting", handed_over: "handed_over" }; // said by the tab itself
const ages = new Intl.RelativeTimeFormat(lang === "zh" ? "zh-CN" : "en", { numeric: "auto" });

// How long ago: 昨天, 9天前, 2小时前.
export function age(text) {
  const seconds = (Date.now() - new Date(text)) / 1000;
  const [unit, length] = STEPS.find(([, step]) => seconds >= step) || ["minute", 60];
  return ages.format(-Math.floor(seconds / length), unit);
}

function whole(className, open, ...lines) {
  const line = make("li");
  const opened = button("", open, className);
  opened.append(...lines);
  line.append(opened);
  return line;
}

function top(tags, badge) {
  const line = make("span", "", "top");
  const left = make("span");
  left.append(...tags);
  line.append(left, badge);
  return line;
}

// A row that can be made: its key, what it says, and how its element is built when that is not there yet.
export function draftRow(draft) {
  return { key: `call ${draft.call_id}`, said: JSON.stringify(draft), build: () => draftElement(draft) };
}

export function itemRow(item, tab) {
  return { key: item.number, said: `${tab} ${isMentioned(item.number)} ${age(item.received_at)} ${JSON.stringify(item)}`, build: () => itemElement(item, tab) };
}

function draftElement({ text, call_id, at }) {
  let said = {};
  try {
    said = JSON.parse(text || "{}");
  } catch {}
  const open = () => popUp({ id: call_id, caller: said.phone, kind: said.kind || "unsorted" });
  const tags = [make("span", w("channel.phone"), "tag"), make("span", w("draft"), "tag")];
  const what = [masked(said.phone), said.content].filter(Boolean).join(" ");
  const row = whole("call", open, top(tags, make("span", when(at), "soft clock")), make("span", what, "what"));
  row.dataset.call = call_id;
  return row;
}

function tagsOf(item, tab) {
  const tags = [make("span", w(`channel.${item.channel}`), "tag"), make("span", w(`kind.${item.kind}`), "tag")];
  if (SAME_STATE[tab] !== item.state) tags.push(make("span", w(`item.${item.state}`), "tag"));
  if (isMentioned(item.number)) tags.push(make("span", w("named_me"), "named"));
  if (item.additions) tags.push(make("span", w("has_addition"), "tag new"));
  return tags;
}

function dueOf({ due }) {
  if (!due) return make("span");
  const badge = make("span", lang === "zh" ? due.words : due.words_en, "due");
  badge.dataset.level = due.level;
  badge.title = `${w(`clock.${due.event}`).replace("clock.", "")} ${due.at}`;
  return badge;
}

const personOf = ({ name }) => name ?? w("sealed_name");
const holderOf = ({ holder }) => holder && (holder.account === agent ? w("held_by_me") : `${w("by")} ${holder.name}`);

function itemElement(item, tab) {
  const who = [personOf(item) || w("no_name"), item.respondent_name].filter(Boolean).join(" · ");
  const facts = [spaced(item.number), age(item.received_at), holderOf(item), item.platform_number].filter(Boolean).join(" · ");
  const lines = [top(tagsOf(item, tab), dueOf(item)), make("span", who, "who"), make("span", item.summary, "what"), make("span", facts, "no")];
  const row = whole("item", () => openItem(item.number), ...lines);
  row.dataset.number = item.number;
  return row;
}

function elementOf(row, known) {
  const before = known.get(row.key);
  if (before?.said === row.said) return before;
  const element = row.build();
  Object.assign(element, { key: row.key, said: row.said });
  return element;
}

// Shows these rows; those that say the same stay the elements that they are, with the focus, and the row at the
// top of what is visible keeps its place on the screen.
export function showRows(rows) {
  const list = $("rows");
  const known = new Map([...list.children].map((row) => [row.key, row]));
  const anchor = firstVisible();
  const before = anchor?.getBoundingClientRect().top;
  const focused = document.activeElement?.closest("#rows li");
  const place = focused ? [...list.children].indexOf(focused) : -1;
  list.replaceChildren(...rows.map((row) => elementOf(row, known)));
  markCurrent();
  const same = anchor && [...list.children].find((row) => row.key === anchor.key);
  if (same && $("scroll").scrollTop) $("scroll").scrollTop += same.getBoundingClientRect().top - before;
  if (focused) refocus(focused.key, place);
}

function firstVisible() {
  const from = $("scroll").getBoundingClientRect().top;
  return [...$("rows").children].find((row) => row.getBoundingClientRect().bottom > from);
}

function refocus(key, place) {
  const rows = [...$("rows").children];
  const row = rows.find((one) => one.key === key) || rows[Math.min(place, rows.length - 1)];
  row?.querySelector("button").focus({ preventScroll: true });
}

export function markCurrent() {
  for (const row of $("rows").children) {
    const isShown = row.dataset.number ? now.view === "item" && current()?.number === row.dataset.number : now.view === "pop" && now.pop?.id === row.dataset.call;
    row.firstChild.toggleAttribute("aria-current", isShown);
    if (isShown) row.firstChild.setAttribute("aria-current", "true");
  }
}

// Up and down by keys: from the row with the focus, else from the one that is shown.
export function move(by) {
  const buttons = [...$("rows").querySelectorAll("button")];
  const from = document.activeElement?.closest("#rows") ? buttons.indexOf(document.activeElement) : buttons.findIndex((row) => row.hasAttribute("aria-current"));
  const to = from < 0 ? 0 : Math.min(buttons.length - 1, Math.max(0, from + by));
  buttons[to]?.focus();
  if (to === buttons.length - 1 && by > 0) $("more").click();
}
