// The call at hand: who it is, by which keys, what the number brought before, and the telephone's buttons.
import { ask } from "./desk_server.js";
import { $, button, clock, make, path, spaced, w, when } from "./desk_parts.js";
import { now, on, show, tell } from "./desk_now.js";
import { beginDraft, leaveDraft, openDraft } from "./desk_call_form.js";
import { current, nameOf, openItem } from "./desk_item.js";
import { press } from "./desk_item_acts.js";

const TICK = 500; // milliseconds
let earlier = null; // done when what came before stands beside it
export const historyShown = () => earlier;

const isOwn = () => now.seat.call_id && now.pop?.id === now.seat.call_id;

export function showCall() {
  const call = now.phone?.call;
  const state = !call ? "" : call.held ? "held" : call.state;
  $("call").dataset.state = state || (isOwn() ? now.seat.state : "");
  const sip = !call && isOwn() ? w(`state.${now.seat.state}`) : "";
  const rings = state === "ringing" && now.pop?.direction === "out" ? "state" : "call"; // it is no caller who rings
  const words = call ? [w(`${rings}.${call.state}`), call.muted && w("call.muted")] : [sip];
  $("call-state").textContent = [backWords(), ...words].filter(Boolean).join(" · ");
  showButtons(call);
  $("transfer").hidden = !(now.pop && now.seat.state === "talking" && isOwn());
  $("call").hidden = now.view !== "pop" && !call && !(isOwn() && ["ringing", "talking"].includes(now.seat.state));
  if (call && !now.pop) showFacts({ caller: call.number, kind: "internal" });
  tick();
}
for (const name of ["seat", "call", "shown"]) on(name, showCall);

// A call-back is told as such, with which try it is.
function backWords() {
  if (!now.pop?.back_of) return "";
  return `${w("call.back")} · ${w("call.attempt", now.pop.attempt || 1)}`;
}

function showButtons(call) {
  $("answer").hidden = !(call?.state === "ringing" && call.direction === "incoming");
  for (const id of ["hold", "mute", "pad-toggle"]) $(id).hidden = call?.state !== "talking";
  $("hang-up").hidden = !call;
  $("hold").setAttribute("aria-pressed", String(Boolean(call?.held)));
  $("held").hidden = !call?.held;
  $("mute").setAttribute("aria-pressed", String(Boolean(call?.muted)));
  if (call?.state !== "talking") $("pad").hidden = true;
}

function tick() {
  const call = now.phone?.call;
  $("call-clock").textContent = call ? clock(call.since) : "";
  $("held-clock").textContent = call?.held ? clock(call.held_since) : "";
}
setInterval(tick, TICK);

// First what came with the ring, at once; then what the gateway knows of this number. A call that is made from an
// item stays beside that item.
export function popUp(facts) {
  if (now.pop?.id === facts.id && now.view === "pop") return;
  leaveDraft();
  now.pop = facts;
  showFacts(facts);
  for (const id of ["earlier-items", "earlier-calls", "owed"]) listOf(id, []);
  $("fault").textContent = "";
  $("saved").textContent = "";
  if (isAboutItem(facts)) return stayAtItem(facts);
  if (location.hash) history.replaceState(null, "", location.pathname); // the address names what is shown
  beginDraft(facts.id);
  show("pop");
  tell("popped");
  document.body.dataset.popped = facts.id;
  performance.mark(`pop:${facts.id}`);
  showCall();
  earlier = showHistory(facts.id);
}

const isAboutItem = ({ direction, number, back_of }) => direction === "out" && number && !back_of;

async function stayAtItem({ id, number }) {
  if (current()?.number !== number) await openItem(number);
  tell("popped");
  showCall();
  document.body.dataset.popped = id;
}

// An item was shown meanwhile: the call and what was written in it come back.
on("resume", () => (isAboutItem(now.pop) ? show("idle") : popUp({ ...now.pop })));

// The facts of the call as the event of its ring has them.
const factsOf = ({ call, number, kind, path: steps, place, back }) => ({
  ...call,
  caller: number,
  kind,
  path: steps,
  place,
  number: back?.number || call.number,
  back_of: back?.id,
  attempt: back?.attempt,
});

// What could not be read while the gateway was away.
export function readMissing() {
  if (now.pop && now.view === "pop" && document.body.dataset.known !== now.pop.id) earlier = showHistory(now.pop.id);
}

async function showHistory(id) {
  try {
    const known = await ask("GET", `calls/${path(id)}/pop`);
    if (known.back?.number) known.item = await ask("GET", `queue/${known.back.number}`);
    if (now.pop?.id !== id) return;
    now.pop = { ...factsOf(known), id };
    $("fault").textContent = "";
    if (isAboutItem(now.pop) && !known.draft.text) return stayAtItem(now.pop); // the page was loaded anew
    showFacts(now.pop);
    showCall();
    showEarlier(known);
    openDraft(id, known);
    performance.mark(`history:${id}`);
    document.body.dataset.known = id;
  } catch (problem) {
    $("fault").textContent = problem.message;
  }
}

function showFacts({ caller, line, kind, path: steps, wait_seconds, place, direction, number }) {
  $("pop-number").textContent = caller || w("unknown");
  $("pop-item").hidden = !number;
  $("pop-item").textContent = number ? `${w("call.about")} ${spaced(number)}` : "";
  const facts = [place, direction !== "out" && w(`kind.${kind}`)];
  if (line) facts.push(`${w("line")} ${line}`);
  if (direction === "in") facts.push(`${w("waited")} ${Math.round(wait_seconds || 0)} ${w("seconds")}`);
  $("pop-facts").textContent = facts.filter(Boolean).join(" · ");
  $("pop-item").onclick = () => openItem(number);
  $("pop-path").replaceChildren(...(steps || []).map((step) => make("li", step)));
}

function listOf(id, rows) {
  $(id).replaceChildren(...(rows.length ? rows : [make("li", w("none"), "soft")]));
}

function showEarlier({ items, calls, owed }) {
  listOf("earlier-items", items.map(earlierItem));
  listOf("earlier-calls", calls.map((call) => make("li", [when(call.started_at), w(`call_outcome.${call.outcome}`), nameOf(call.agent), call.number].filter(Boolean).join(" · "))));
  listOf("owed", owed.map((owing) => make("li", owedText(owing))));
}

function earlierItem(item) {
  const row = make("li");
  const about = [w(`channel.${item.channel}`), w(`kind.${item.kind}`), w(`item.${item.state}`), when(item.received_at)];
  const content = [item.respondent_name, item.content].filter(Boolean).join("：").slice(0, 90);
  const add = button(w("act.call_addition"), () => openItem(item.number).then(() => press("call_addition")));
  row.append(button(item.number, () => openItem(item.number)), make("div", about.join(" · "), "soft"), make("div", content), add);
  return row;
}

function owedText({ booked_at, phone, attempts, due_at }) {
  return [when(booked_at), phone, attempts && w("attempts", attempts), due_at && `${w("call_due")} ${when(due_at)}`].filter(Boolean).join(" · ");
}

// ------------------------------------------------------------ buttons and keys

export const answer = () => now.phone?.answer();
export const hangUp = () => now.phone?.hangUp();
export const hold = () => now.phone?.hold();
export const mute = () => now.phone?.mute();

$("answer").addEventListener("click", answer);
$("hang-up").addEventListener("click", hangUp);
$("hold").addEventListener("click", hold);
$("mute").addEventListener("click", mute);
$("pad-toggle").addEventListener("click", () => {
  $("pad").hidden = !$("pad").hidden;
  $("pad-toggle").setAttribute("aria-expanded", String(!$("pad").hidden));
});
$("pad").addEventListener("click", ({ target }) => target.dataset.key && now.phone.key(target.dataset.key));
