// One item at the desk: opening and leaving it, its head, what happened to it. The rest of it is in
//   desk_item_facts.js    what it says, corrected in place      desk_item_files.js   what came with it
//   desk_item_acts.js     what may be done to it, and undone    desk_item_notes.js   notes of the house
//   desk_item_beside.js   what belongs to it (right column)  desk_item_told.js   what the person is told
//   desk_item_order.js    its order at a unit, and assigning it
// These read the item from here and register what they show by `part`.
import { ask } from "./desk_server.js";
import { leaveDraft } from "./desk_call_form.js";
import { forget, store, stored } from "./kept_words.js";
import { now, show as showPart, tell } from "./desk_now.js";
import { $, agent, alarm, lang, make, spaced, told, today, w, when } from "./desk_parts.js";

const SOON = 3; // days
const ENDED = ["closed", "withdrawn", "merged"];
const REFRESH_AFTER = 400; // milliseconds: so long changes by others are gathered
const parts = []; // what shows a part of the item: called with the item, and whether it is another than before
const names = {}; // of colleagues, by account
let shown = null;

export const current = () => shown;
export const isMine = () => shown?.holder === agent;
export const nameOf = (account) => (account === "system" ? w("by_system") : names[account] || account);
export const colleagues = () => Object.entries(names);
export const part = (does) => parts.push(does);

// Shows an item of the list, of the address, or one that another names.
export async function openItem(number) {
  await leaveDraft();
  try {
    show(await ask("GET", `queue/${number}`));
  } catch (problem) {
    alarm(problem.message);
    return;
  }
  if (location.hash !== `#${number}`) history.pushState(null, "", `#${number}`);
  showPart("item");
  $("item").parentElement.scrollTop = 0;
}

export function leave() {
  close();
  history.pushState(null, "", now.listAddress || location.pathname);
  if (now.pop) tell("resume");
  else showPart("idle");
}

export function close() {
  shown = null;
  $("sound").removeAttribute("src");
  $("item-picture").hidden = true;
}

export function show(one) {
  const another = shown?.number !== one.number;
  shown = one;
  showHead(one);
  $("item-fault").textContent = "";
  if (another) $("code-box").hidden = true;
  for (const does of parts) does(one, another);
  $("item-past").replaceChildren(...[...one.timeline].reverse().map(pastRow));
}

// Somebody else changed it: shown as it is now, while what is typed and open here stays.
let refreshing = 0;
export function refresh(number) {
  if (shown?.number !== number) return;
  clearTimeout(refreshing);
  refreshing = setTimeout(() => reread(number), REFRESH_AFTER);
}

// True when it is shown as it is now.
export async function reread(number) {
  const fresh = await ask("GET", `queue/${number}`).catch(() => null);
  if (!fresh || shown?.number !== number) return false;
  const fault = $("item-fault").textContent;
  show(fresh);
  $("item-fault").textContent = fault;
  return true;
}

function showHead(one) {
  $("item-number").textContent = spaced(one.number);
  $("item-state").textContent = w(`item.${one.state}`);
  $("item-added").hidden = !one.has_addition;
  $("added-closed").hidden = !(one.has_addition && ENDED.includes(one.state));
  const [due] = ENDED.includes(one.state) ? [] : one.due;
  $("item-due").hidden = !due;
  if (due) {
    $("item-due").dataset.level = levelOf(due.on);
    const late = due.on < today() ? `${w("overdue")} ` : "";
    $("item-due").textContent = `${late}${due.on} ${w(`clock.${due.clock}`)}${due.provisional ? w("provisional") : ""}`;
    $("item-due").title = due.basis;
  }
  const facts = [w(`channel.${one.channel}`), w(`kind.${one.kind}`), w(`task.${one.task}`), `${when(one.received_at)} ${w("came")}`];
  facts.push(one.holder ? `${w("by")} ${nameOf(one.holder)}` : w("nobody"));
  $("item-facts").textContent = facts.filter(Boolean).join(" · ");
}

function levelOf(day) {
  const left = Math.round((Date.parse(day) - Date.parse(today())) / 86_400_000);
  return left < 0 ? "late" : left === 0 ? "today" : left <= SOON ? "soon" : "ok";
}

function pastRow({ at, what, who, text, ...both }) {
  const received = what === "received"; // by a channel, and with something that is owed
  const said = received ? w(`task.${text}`).replace("task.", "") : what === "written_up" || what === "sorted" ? w(`kind.${text}`) : text;
  const by = received ? w(`channel.${who}`).replace("channel.", "") : nameOf(who);
  const row = make("li", both[`what_${lang}`]);
  if (said) row.append(make("div", said, "said"));
  row.append(make("small", [by, when(at)].filter(Boolean).join(" · ")));
  return row;
}

// Says it, then shows the item as it is now, whatever the answer was about. False, with what is wrong told by
// `faulty`, when it was refused; nothing that was typed is lost then.
export async function change(what, body, faulty = (problem) => ($("item-fault").textContent = told(problem)), headers = {}) {
  const { number } = shown;
  try {
    await ask("POST", what, body, headers);
    const fresh = await ask("GET", `queue/${number}`);
    if (shown?.number === number) show(fresh);
    tell("changed");
    return true;
  } catch (problem) {
    if (shown?.number === number) faulty(problem);
    return false;
  }
}

// What is typed into a field stays in this browser, by item, until it is sent: over errors, reloads, log-ins.
const keyOf = (field, number = shown.number) => `item:${number}:${field.id}`;
export function keepTyped(field) {
  field.addEventListener("input", () => (field.value ? store(keyOf(field), field.value) : forget(keyOf(field))));
}
export const typedIn = (field) => stored(keyOf(field)) ?? "";
export function sentTyped(field, number) {
  forget(keyOf(field, number));
  field.value = "";
}

// Each fault beside its field; what has no field of its own stands at the head.
export function placeFaults(form, problem, fields) {
  for (const place of form.querySelectorAll(".fault")) place.textContent = "";
  for (const box of form.querySelectorAll("[aria-invalid]")) box.removeAttribute("aria-invalid");
  const rest = [];
  for (const fault of problem?.faults || []) {
    const field = fields[fault.field];
    if (!field || field.closest("[hidden]")) rest.push(fault);
    else {
      field.setAttribute("aria-invalid", "true");
      $(field.getAttribute("aria-describedby").split(" ")[0]).textContent = fault[lang];
    }
  }
  form.querySelector("[aria-invalid]")?.focus();
  if (!problem) return "";
  return rest.length ? told({ faults: rest }) : problem.faults?.length ? "" : problem.message;
}

// Whoever has an item open keeps it: its time is made longer before it ends.
setInterval(async () => {
  if (!isMine() || new Date(shown.lease_until) - Date.now() > 300_000) return;
  const held = await ask("POST", `queue/${shown.number}/renew`, {}).catch(() => null);
  if (held && shown?.number === held.number) shown.lease_until = held.lease_until;
}, 60_000);

ask("GET", "colleagues").then(
  ({ items }) => {
    for (const { account, name } of items) names[account] = name;
    if (shown) show(shown);
  },
  () => {},
);
$("close-item").addEventListener("click", leave);
