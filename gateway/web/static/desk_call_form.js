// What is written down in a call: its draft, saved while it is typed, and the items that are made of it.
import { ask } from "./desk_server.js";
import { DraftKeeper } from "./desk_draft.js";
import { asItem, markFaults, put, typed } from "./case_form.js";
import { $, lang, path, told, w } from "./desk_parts.js";
import { now, on, show, tell } from "./desk_now.js";

let more = ""; // names the next of several items of one call
let last = {}; // what was registered last

export const draft = new DraftKeeper(
  (state) => {
    $("saved").dataset.state = state;
    $("saved").textContent = state ? w(state) : "";
  },
  (text) => put($("draft"), JSON.parse(text)),
);

// The form of the call that is shown, with what was written before.
export function openDraft(call, known) {
  fill(draft.open(call, known.draft), known);
}

function fill(text, known) {
  const form = $("draft");
  form.reset();
  let said = {};
  try {
    said = JSON.parse(text || "{}");
  } catch {
    said = { content: text };
  }
  if (!text) {
    const before = known.items.find((item) => item.name);
    said = { phone: known.number, name: before?.name || "", kind: known.kind === "unsorted" ? "" : known.kind };
  }
  put(form, said);
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
    const { items } = await ask("POST", `calls/${path(now.pop.id)}/items`, { items: itemsOf(said), ...(more && { more }), ...(close ? { close: w("answered") } : {}) });
    draft.close(true);
    more = "";
    last = said;
    const numbers = items.map((item) => item.number);
    document.body.dataset.made = numbers.join(" ");
    $("draft").reset();
    $("saved").textContent = w("made") + numbers.join("、");
    if (!now.phone?.call && now.seat.call_id !== now.pop.id) leave();
    tell("made", items);
    tell("changed");
  } catch (problem) {
    $("fault").textContent = told(problem);
    markFaults($("draft"), problem.faults, lang);
  }
}

// One more item of the same call: whoever calls stays, the matter is another.
on("more", () => {
  more = `${Date.now().toString(36)}-${Math.random().toString(36).slice(2, 8)}`;
  fill(draft.open(now.pop.id, { version: 0, text: "" }), now.pop);
  put($("draft"), { name: last.name, phone: last.phone, address: last.address });
  $("d-content").focus();
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
