// What the person is told: each notice with its state and proof, what is to be done by hand, another try or way.
import { ask } from "./desk_server.js";
import { change, current, isMine, keepTyped, nameOf, part, sentTyped, typedIn } from "./desk_item.js";
import { $, button, make, path, told, w, when } from "./desk_parts.js";

const OPEN = ["to_do", "failed", "bounced"];
let ways = []; // that lead to the person of the item that is shown
let waysOf = "";

part((one) => {
  const notices = [...one.notices].reverse();
  if (!busy()) $("item-notices").replaceChildren(...notices.map(noticeRow));
  $("no-notices").hidden = notices.length > 0;
  if (notices.some(({ state }) => OPEN.includes(state))) readWays(one.number).then(offerWays);
});

// Somebody is writing how a call went: his field stays.
const busy = () => $("item-notices").contains(document.activeElement) && document.activeElement.value && waysOf === current().number;

// The ways to the person of an item, each with its address masked; asked for anew each time: he may have moved.
export async function readWays(number) {
  const { items } = await ask("GET", `queue/${number}/ways`).catch(() => ({ items: [] }));
  if (current()?.number === number) [ways, waysOf] = [items, number];
  return items;
}

export const wayName = (id) => w(`way.${id}`);

function noticeRow(notice) {
  const row = make("li");
  row.dataset.notice = notice.id;
  const head = make("p", "", "item-line");
  const state = make("span", w(`notice_state.${notice.state}`), "chip");
  state.dataset.state = notice.state;
  head.append(make("strong", w(`notice.${notice.kind}`)), make("span", [wayName(notice.way), notice.to].filter(Boolean).join(" ")), state, make("small", when(notice.sent_at || notice.made_at), "soft"));
  row.append(head, textOf(notice));
  if (notice.proof) row.append(make("p", `${w("proof")} ${named(notice.proof)}`, "soft small"));
  const acts = make("div", "", "acts");
  if (notice.way === "letter") acts.append(Object.assign(make("a", w("print_letter"), "button"), { href: `/api/v1/queue/${path(current().number)}/notices/${notice.id}/letter`, target: "_blank" }));
  if (notice.state === "to_do") acts.append(...doneOf(notice));
  if (OPEN.includes(notice.state)) acts.append(...againOf(notice));
  if (acts.childElementCount) row.append(acts);
  return row;
}

// An account at the beginning of a proof by hand, as the person's name.
const named = (proof) => proof.replace(/^([^：]+)(?=：|$)/, (account) => nameOf(account));

function textOf({ subject, text }) {
  const folded = make("details");
  folded.append(make("summary", w("as_sent")), make("p", [subject, text].filter(Boolean).join("\n\n"), "letter-text"));
  return folded;
}

function doneOf(notice) {
  const how = Object.assign(make("input"), { id: `how-${notice.id}`, maxLength: 2000, placeholder: w("how_it_went"), ariaLabel: w("how_it_went") });
  how.value = typedIn(how);
  keepTyped(how);
  const does = () => say("told", { id: notice.id, text: how.value.trim() }, how);
  return [how, button(w(notice.way === "letter" ? "posted" : "rung"), does)];
}

function againOf(notice) {
  const select = Object.assign(make("select"), { ariaLabel: w("another_way") });
  select.dataset.way = notice.way;
  select.dataset.state = notice.state;
  const does = () => (select.value ? say("tell-again", { id: notice.id, way: select.value }) : ($("told-fault").textContent = w("needed.way")));
  return [select, button(w("tell_again"), does)];
}

// Nothing is chosen before; what is still to be done by hand is not offered a second time by the same way.
function offerWays() {
  for (const select of $("item-notices").querySelectorAll("select")) {
    const there = ways.filter(({ id }) => select.dataset.state !== "to_do" || id !== select.dataset.way);
    const rows = there.map(({ id, to }) => Object.assign(make("option", `${wayName(id)} ${to}`), { value: id }));
    select.replaceChildren(Object.assign(make("option", w("choose_way")), { value: "" }), ...rows);
    select.hidden = select.nextElementSibling.hidden = !rows.length;
  }
}

async function say(what, body, field) {
  $("told-fault").textContent = "";
  const { number } = current();
  const before = field?.value;
  if (field) field.value = "";
  const said = await change(`queue/${current().number}/${what}`, body, (problem) => ($("told-fault").textContent = told(problem)));
  if (!field) return;
  if (said) sentTyped(field, number);
  else field.value = before;
}

// A reply is written by whoever holds the item, or where nobody needs to.
const FREE = ["handed_over", "closed", "withdrawn", "merged"];
export const mayReply = (one) => isMine() || (!one.holder && FREE.includes(one.state));
export const lineOf = ({ way, to, subject, segments }) => [wayName(way), to, subject, segments && w("segments", segments)].filter(Boolean).join(" · ");
