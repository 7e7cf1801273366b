// What tells of a call outside the page: the tab's title, a notification while the tab is hidden, and the browser's
// question before a page is left that has a call or words which are not saved.
import { $, clock, w } from "./desk_parts.js";
import { now, on } from "./desk_now.js";
import { draft } from "./desk_call_form.js";

const TICK = 1000; // milliseconds
const PLAIN = document.title;
let note = null; // the notification that is shown
let rang = 0; // when it began to ring, in milliseconds

const incoming = () => now.phone?.call?.direction === "incoming" && now.phone.call.state === "ringing";
const rings = () => incoming() || now.seat.state === "ringing";

// How long the caller has waited by now: in the queue, and while it rings here.
function waited() {
  const before = now.pop?.wait_seconds ?? now.pop?.call?.wait_seconds ?? 0;
  return Math.round(before + (Date.now() - rang) / 1000);
}

function title() {
  const call = now.phone?.call;
  if (rings()) {
    const number = now.pop?.caller || call?.number || w("unknown");
    return `☎ ${w(now.pop?.back_of ? "call.back" : "call.ringing")} ${number} · ${w("waited")} ${waited()} ${w("seconds")}`;
  }
  if (call) return `${w(`call.${call.held ? "held" : call.state}`)} ${clock(call.since)} - ${PLAIN}`;
  if (now.seat.state === "wrap_up") return `${w("state.wrap_up")} ${$("state-clock").textContent} - ${PLAIN}`;
  return PLAIN;
}

function show() {
  rang = rings() ? rang || Date.now() : 0;
  document.title = title();
  document.body.toggleAttribute("data-in-call", Boolean(now.phone?.call) || now.seat.state === "talking");
  if (!rings()) {
    note?.close();
    note = null;
  } else if (!note && document.hidden && globalThis.Notification?.permission === "granted") {
    note = new Notification(document.title, { tag: "call", requireInteraction: true, body: $("pop-facts").textContent });
    note.onclick = () => window.focus();
  }
}
for (const name of ["call", "seat", "popped"]) on(name, show);
document.addEventListener("visibilitychange", show);
setInterval(show, TICK);

// A browser asks its user only after he has done something on the page.
function askForNotes() {
  if (globalThis.Notification?.permission === "default") Notification.requestPermission().catch(() => {});
}
$("ready")?.addEventListener("click", askForNotes);
$("device-open")?.addEventListener("click", askForNotes);

// ------------------------------------------------------------ leaving the page

const isWritten = (field) => field.value.trim() && field.offsetParent && !field.closest("#draft") && !field.readOnly;

addEventListener("beforeunload", (event) => {
  const words = draft.unsent || [...document.querySelectorAll("main textarea")].some(isWritten);
  if (now.phone?.call || words) event.preventDefault();
});
