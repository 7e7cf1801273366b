// What is written down in a call: its draft, saved while it is typed, and the items that are made of it.
import { ask } from "./desk_server.js";
import { DraftKeeper } from "./desk_draft.js";
import { asItem, markFaults, put, typed } from "./case_form.js";
import { $, lang, path, told, w } from "./desk_parts.js";
import { now, on, show, tell } from "./desk_now.js";

let last = {}; // what was registered last, and in which call

export const draft = new DraftKeeper(
  (state) => {
    $("saved").dataset.state = state;
    $("saved").textContent = state ? w(state) : "";
  },
  (text) => put($("draft"), JSON.parse(text)),
);

// The form of a call of which nothing else is known yet: what is typed now is kept too.
export function beginDraft(call) {
  empty();
  draft.open(call, { version: 0, text: "" });
}

// The form with what was written before, else with what is known; what was typed meanwhile stays.
export function openDraft(call, known) {
  const text = draft.open(call, known.draft);
  const said = fieldsOf(text);
  if (!known.draft.text) for (const [name, value] of Object.entries(suggested(known))) said[name] = filled(said[name]) ? said[name] : value;
  put($("draft"), said);
}

function empty() {
  $("draft").reset();
  $("draft").elements.more.value = ""; // a hidden field, which no reset touches
}

const filled = (value) => (Array.isArray(value) ? value.length > 0 : Boolean(value));

function fieldsOf(text) {
  try {
    return JSON.parse(text || "{}");
  } catch {
    return { content: text };
  }
}

// Of a call-back the item that it is about, else who called from this number before.
function suggested({ number, items, kind, item }) {
  if (!item) return { phone: number, name: items.find((one) => one.name)?.name || "", kind: kind === "unsorted" ? "" : kind };
  const { person, respondent } = item;
  const said = { kind: item.kind === "unsorted" ? "" : item.kind, content: item.content, claims: item.claims };
  for (const name of ["name", "phone", "address"]) Object.assign(said, { [name]: person[name] || "", [`respondent_${name}`]: respondent[name] || "" });
  for (const name of ["county", "problem", "subject", "occurred_on", "amount"]) said[name] = item[name] ?? "";
  return { ...said, phone: said.phone || number };
}

// What was typed is on its way when this returns; whoever needs it kept waits for what it gives.
export function leaveDraft() {
  const kept = draft.flush().catch(() => {});
  draft.close();
  return kept;
}

function itemsOf(said) {
  const items = [asItem(said)];
  if (!said.also_report || !said.report?.trim()) return items;
  const report = { ...asItem(said), kind: "report", content: said.report.trim(), claims: [] };
  if (said.report_anonymous) {
    report.anonymous = true;
    for (const name of ["name", "phone", "address"]) delete report[name];
  }
  return [...items, report];
}

export async function register(close) {
  const said = typed($("draft"));
  if (close) said.kind ||= "question";
  if (close && !said.content?.trim()) said.content = w("answered");
  if (!said.kind || !said.content?.trim()) {
    $("fault").textContent = w("missing");
    $("d-content").focus();
    return;
  }
  $("fault").textContent = "";
  markFaults($("draft"), [], lang);
  try {
    await draft.flush().catch(() => {});
    const { items } = await ask("POST", `calls/${path(now.pop.id)}/items`, { items: itemsOf(said), ...(said.more && { more: said.more }), ...(close ? { close: w("answered") } : {}) });
    draft.close(true);
    last = { said, call: now.pop };
    const numbers = items.map((item) => item.number);
    document.body.dataset.made = numbers.join(" ");
    empty();
    if (!now.phone?.call && now.seat.call_id !== now.pop.id) leave();
    else draft.open(now.pop.id, { version: 0, text: "" }); // what is typed from now on is kept too
    tell("made", items);
    tell("changed");
  } catch (problem) {
    $("fault").textContent = told(problem);
    markFaults($("draft"), problem.faults, lang);
  }
}

// One more item of the same call, also of one that is over: whoever calls stays, the matter is another. The word that
// tells it from the first is in the draft: it outlives a reload.
on("more", () => {
  const { said, call } = last;
  now.pop = call;
  show("pop");
  empty();
  draft.open(call.id, { version: 0, text: "" });
  const more = `${Date.now().toString(36)}-${Math.random().toString(36).slice(2, 8)}`;
  put($("draft"), { more, name: said.name, phone: said.phone, address: said.address });
  draft.type(JSON.stringify(typed($("draft"))));
  $("d-content").focus();
});

// What was told is in an item that was there before: nothing is left to be written down of this call.
on("added", () => {
  empty();
  if (now.phone?.call || now.seat.call_id === now.pop?.id) return;
  now.pop = null;
  tell("popped");
});

function leave() {
  now.pop = null;
  show("idle");
  tell("popped");
}

$("draft").addEventListener("input", () => draft.type(JSON.stringify(typed($("draft")))));
$("draft").addEventListener("submit", (event) => {
  event.preventDefault();
  register(false);
});
$("answered").addEventListener("click", () => register(true));
$("later").addEventListener("click", async () => {
  await leaveDraft();
  leave();
  tell("changed");
});
