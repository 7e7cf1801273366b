// The list: what waits, filtered, and the way through it by keys.
import { ask } from "./desk_server.js";
import { $, agent, button, make, masked, today, w, when } from "./desk_parts.js";
import { now, on } from "./desk_now.js";
import { popUp, historyShown } from "./desk_call.js";
import { current, openItem } from "./desk_item.js";

const READ_EVERY = 600; // milliseconds: so long the list gathers changes; each desk a little differently
let items = [];
let drafts = [];
let here = -1;

export async function readList() {
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
    const waiting = queue.items.filter((item) => ["received", "in_work"].includes(item.state) && !item.has_addition);
    items = [...additions.items, ...waiting].filter((item) => !$("f-mine").checked || item.holder === agent);
    drafts = open.items;
    showList();
  } catch {
    // told by the events' socket, which tries again
  }
}
on("changed", readList);
on("shown", showList);

// Whatever comes meanwhile is in the same reading; a call that rings goes first.
let reading = 0;
export function readSoon() {
  reading ||= setTimeout(async () => {
    await historyShown();
    await readList();
    reading = 0;
  }, READ_EVERY * (0.5 + Math.random()));
}

function row(className, tags, time, what, open, isCurrent) {
  const line = make("li");
  const whole = button("", open, className);
  const top = make("div", "", "top");
  const left = make("span");
  left.append(...tags.filter(Boolean).map((tag) => make("span", tag, "tag")));
  top.append(left, time);
  whole.append(top, make("div", what, "what"));
  if (isCurrent) whole.setAttribute("aria-current", "true");
  line.append(whole);
  return line;
}

function draftRow({ text, call_id, at }) {
  let said = {};
  try {
    said = JSON.parse(text || "{}");
  } catch {}
  const open = () => popUp({ id: call_id, caller: said.phone, kind: said.kind || "unsorted" });
  const what = [masked(said.phone), said.content].filter(Boolean).join(" ");
  return row("call", [w("channel.phone"), w("draft")], make("span", when(at), "soft clock"), what, open, now.pop?.id === call_id);
}

function itemRow(item) {
  const due = item.due[0];
  const late = due && due.on < today();
  const time = due ? make("span", late ? w("overdue") : `${w("due")} ${due.on.slice(5)}`, late ? "late" : "soft clock") : make("span");
  const what = [item.respondent.name, item.content].filter(Boolean).join("：");
  const holder = item.holder ? (item.holder === agent ? w("mine") : item.holder) : "";
  const added = item.has_addition && [w("has_addition"), w(`item.${item.state}`)].join(" · ");
  const tags = [added, w(`channel.${item.channel}`), w(`kind.${item.kind}`), w(`task.${item.task}`), holder];
  return row("item", tags, time, what, () => openItem(item.number), current()?.number === item.number);
}

function showList() {
  const rows = [...drafts.map(draftRow), ...items.map(itemRow)];
  const buttons = () => [...$("rows").querySelectorAll("button")];
  const focused = document.activeElement?.closest("#rows") ? buttons().indexOf(document.activeElement) : -1;
  $("rows").replaceChildren(...rows);
  if (focused >= 0) buttons()[Math.min(focused, rows.length - 1)]?.focus();
  $("list-count").textContent = rows.length;
  $("list-empty").hidden = rows.length > 0;
}

export function move(by) {
  const buttons = [...$("rows").querySelectorAll("button")];
  here = Math.min(buttons.length - 1, Math.max(0, (document.activeElement?.closest("#rows") ? buttons.indexOf(document.activeElement) : here) + by));
  buttons[here]?.focus();
}

export function showWaiting(waiting) {
  $("queue-now").textContent = waiting ? `${w("waited")} ${waiting}` : "";
}

for (const id of ["f-channel", "f-kind", "f-mine", "f-overdue"]) $(id).addEventListener("change", readList);
