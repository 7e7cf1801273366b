// The call at hand: who it is, by which keys, what the number brought before, and the telephone's buttons.
import { ask } from "./desk_server.js";
import { $, button, clock, make, path, w, when } from "./desk_parts.js";
import { now, on, show, tell } from "./desk_now.js";
import { leaveDraft, openDraft } from "./desk_call_form.js";
import { openItem } from "./desk_item.js";

const TICK = 500; // milliseconds
let earlier = null; // done when what came before stands beside it
export const historyShown = () => earlier;

const isOwn = () => now.seat.call_id && now.pop?.id === now.seat.call_id;

export function showCall() {
  const call = now.phone?.call;
  const state = !call ? "" : call.held ? "held" : call.state;
  $("call").dataset.state = state || (isOwn() ? now.seat.state : "");
  const sip = !call && isOwn() ? w(`state.${now.seat.state}`) : "";
  $("call-state").textContent = call ? w(`call.${state}`) + (call.muted ? ` · ${w("call.muted")}` : "") : sip;
  showButtons(call);
  $("transfer").hidden = !(now.pop && now.seat.state === "talking" && isOwn());
  if (call && now.view !== "pop") show("pop");
  if (call && !now.pop) $("pop-number").textContent = call.number;
  tick();
}
on("seat", showCall);
on("call", showCall);

function showButtons(call) {
  $("answer").hidden = !(call?.state === "ringing" && call.direction === "incoming");
  for (const id of ["hold", "mute", "pad-toggle"]) $(id).hidden = call?.state !== "talking";
  $("hang-up").hidden = !call;
  $("hold").setAttribute("aria-pressed", String(Boolean(call?.held)));
  $("mute").setAttribute("aria-pressed", String(Boolean(call?.muted)));
  if (call?.state !== "talking") $("pad").hidden = true;
}

function tick() {
  const call = now.phone?.call;
  $("call-clock").textContent = call ? clock(call.since) : "";
}
setInterval(tick, TICK);

// First what came with the ring, at once; then what the gateway knows of this number.
export function popUp(facts) {
  if (now.pop?.id === facts.id && now.view === "pop") return;
  leaveDraft();
  now.pop = { id: facts.id };
  showFacts(facts);
  for (const id of ["earlier-items", "earlier-calls", "owed"]) listOf(id, []);
  $("draft").reset();
  $("fault").textContent = "";
  show("pop");
  tell("popped");
  document.body.dataset.popped = facts.id;
  performance.mark(`pop:${facts.id}`);
  showCall();
  earlier = showHistory(facts.id);
}

// An item was shown meanwhile: the call and what was written in it come back.
on("resume", () => popUp({ ...now.pop.call, id: now.pop.id, caller: now.pop.number, kind: now.pop.kind, path: now.pop.path, place: now.pop.place }));

async function showHistory(id) {
  try {
    const known = await ask("GET", `calls/${path(id)}/pop`);
    if (now.pop?.id !== id) return;
    now.pop = { id, ...known };
    showFacts({ ...known.call, caller: known.number, kind: known.kind, path: known.path, place: known.place });
    showEarlier(known);
    openDraft(id, known);
    performance.mark(`history:${id}`);
    document.body.dataset.known = id;
  } catch (problem) {
    $("fault").textContent = problem.message;
  }
}

function showFacts({ caller, line, kind, path: steps, wait_seconds, place, direction }) {
  $("pop-number").textContent = caller || w("unknown");
  const facts = [place, w(`kind.${kind}`)];
  if (line) facts.push(`${w("line")} ${line}`);
  if (direction === "in") facts.push(`${w("waited")} ${Math.round(wait_seconds || 0)} ${w("seconds")}`);
  $("pop-facts").textContent = facts.filter(Boolean).join(" · ");
  $("pop-path").replaceChildren(...(steps || []).map((step) => make("li", step)));
}

function listOf(id, rows) {
  $(id).replaceChildren(...(rows.length ? rows : [make("li", w("none"), "soft")]));
}

function showEarlier({ items, calls, owed }) {
  listOf("earlier-items", items.map(earlierItem));
  listOf("earlier-calls", calls.map((call) => make("li", [when(call.started_at), call.outcome, call.agent, call.number].filter(Boolean).join(" · "))));
  listOf("owed", owed.map((owing) => make("li", owedText(owing))));
}

function earlierItem(item) {
  const row = make("li");
  const about = [w(`channel.${item.channel}`), w(`kind.${item.kind}`), w(`item.${item.state}`), when(item.received_at)];
  const content = [item.respondent_name, item.content].filter(Boolean).join("：").slice(0, 90);
  row.append(button(item.number, () => openItem(item.number)), make("div", about.join(" · "), "soft"), make("div", content));
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
