// /desk: one page for the whole day. Here events of the gateway and keys reach the modules that answer them:
//   desk_now.js            state that the modules share, and what they tell each other
//   desk_server.js         requests and events; desk_parts.js: words and elements
//   desk_seat.js, desk_phone.js, desk_team.js     the own seat, the page's telephone, the other seats
//   desk_call.js, desk_call_form.js, desk_call_transfer.js, desk_draft.js    a call
//   desk_call_alert.js, desk_call_back.js, desk_devices.js    title and notification, call-backs, sound devices
//   desk_list.js, desk_search.js    the left column
//   desk_item.js and desk_item_*.js    one item; desk_made.js: the card after registering
// Everything that came from outside is set as text, never as markup.
import { ask, listen } from "./desk_server.js";
import { draft, register } from "./desk_call_form.js";
import { $, agent, alarm, w } from "./desk_parts.js";
import { now } from "./desk_now.js";
import * as call from "./desk_call.js";
import * as item from "./desk_item.js";
import * as acts from "./desk_item_acts.js";
import "./desk_item_facts.js";
import "./desk_item_files.js";
import "./desk_item_notes.js";
import { closeAssign, pressAssign } from "./desk_item_order.js";
import "./desk_item_beside.js";
import "./desk_made.js";
import * as list from "./desk_list.js";
import { focusSearch, isSearch } from "./desk_search.js";
import { keepPhone, page, yieldPhone } from "./desk_phone.js";
import * as seats from "./desk_team.js";
import * as own from "./desk_seat.js";
import * as reply from "./desk_item_reply.js";
import "./desk_call_alert.js";
import "./desk_call_back.js";
import "./desk_devices.js";
import { becameFax, readTransfer, showTransfer } from "./desk_call_transfer.js";

// ------------------------------------------------------------ events

function seatTold(what) {
  if (what.id !== agent) return seats.leads && seats.readSeatsSoon();
  own.seatTold(what);
  if (seats.leads || what.state === "talking") seats.readSeatsSoon(); // who else could take the call
}

const EVENTS = {
  "call.pop": call.popUp,
  "agent.state": seatTold,
  "desk.phone": (what) => what.page !== page && yieldPhone(),
  "transfer.state": (what) => what.call === now.pop?.id && showTransfer(what),
  "call.draft": ({ id }) => draft.look(id),
  "call.fax": ({ id }) => id === now.pop?.id && becameFax(),
  "call.ended": ({ id }) => id === now.pop?.id && showTransfer(),
  "queue.changed": (what) => {
    if ("waiting" in what) return list.showWaiting(what.waiting);
    item.refresh(what.number);
    return list.readSoon();
  },
  "item.new": list.readSoon,
};

async function connected() {
  alarm("");
  now.seat.since = null; // whatever was known is from before the break
  await seats.readSeats().catch(() => {});
  keepPhone();
  if (now.seat.call_id && now.seat.call_id !== now.pop?.id) call.popUp({ id: now.seat.call_id, kind: "unsorted" });
  else call.readMissing();
  if (now.seat.call_id) readTransfer();
  list.readList();
  ask("GET", "lines").then((lines) => list.showWaiting(lines.waiting.length), () => {});
}

listen(page, (name, what) => EVENTS[name]?.(what), connected, () => alarm(w("no_answer")));

// ------------------------------------------------------------ the address: #NUMBER is an item, #tab=… a list

function follow() {
  const [, number] = /^#(\d{12})$/.exec(location.hash) || [];
  if (number) item.openItem(number);
  else if (item.current()) item.leave();
  const wanted = number ? now.listAddress : location.hash;
  if (!isSearch(wanted)) list.follow(wanted);
}
addEventListener("hashchange", follow);
follow();

// ------------------------------------------------------------ keys

const isCall = () => now.view === "pop";
const KEYS = {
  F2: call.answer,
  "Shift+F2": call.hangUp,
  F4: call.hold,
  F7: call.mute,
  F8: own.ready,
  F9: own.pause,
  F10: () => (isCall() ? register(false) : acts.press("complete")), // opens the closing, and never closes by itself
  "Shift+F10": () => isCall() && register(true),
};
const PLAIN = {
  j: () => list.move(1),
  k: () => list.move(-1),
  n: list.claimNext,
  "/": focusSearch,
  "?": () => $("keys").showModal(),
  r: () => acts.press("answer"),
  e: () => item.current() && reply.open(),
  d: pressAssign,
  v: () => item.current() && !$("fax-pages").hidden && $("fax-pages").click(),
};

// Does Enter mean the open item: nothing has the focus, or only the row by which it was opened?
const isAtItem = (target) => item.current() && (target === document.body || target.matches("#rows [aria-current]"));

function doesOf(event) {
  const name = (event.shiftKey && /^F\d/.test(event.key) ? "Shift+" : "") + event.key;
  if (KEYS[name]) return KEYS[name];
  const inField = event.target.closest("input, textarea, select");
  if (event.altKey && /^[123]$/.test(event.key) && isCall()) return () => $("draft").querySelectorAll("[name=kind]")[event.key - 1].click();
  if (!inField && !event.ctrlKey && !event.metaKey && !event.altKey) {
    if (PLAIN[event.key]) return PLAIN[event.key];
    if (/^[1-8]$/.test(event.key)) return () => list.chooseTab(event.key - 1);
  }
  if (event.key === "Escape" && $("context-close").checkVisibility()) return () => showContext(false);
  if (event.key === "Escape" && item.current() && !document.querySelector("dialog[open], details.menu[open]")) return () => acts.closeAct() || closeAssign() || reply.close() || item.leave();
  if (event.key === "Enter" && isAtItem(event.target) && !$("claim").hidden) return () => $("claim").click();
  return null;
}

document.addEventListener("keydown", (event) => {
  const does = doesOf(event);
  if (!does) return;
  event.preventDefault();
  does();
});
$("help").addEventListener("click", () => $("keys").showModal());
$("back-to-list").addEventListener("click", () => (document.body.dataset.view = "idle"));
// The right column over the page, on a narrow screen.
function showContext(open) {
  document.body.toggleAttribute("data-context", open);
  $("context-toggle").setAttribute("aria-expanded", String(open));
  $(open ? "context-close" : "context-toggle").focus();
}
$("context-toggle").addEventListener("click", () => showContext(!document.body.hasAttribute("data-context")));
$("context-close").addEventListener("click", () => showContext(false));
