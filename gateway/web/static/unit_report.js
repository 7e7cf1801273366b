// The written report of the order that is open. What is typed is kept on the server while it is typed, and in this tab
// until the server has it: an error, a log-in that is over or a reload loses nothing.
import { ask, Problem } from "./desk_server.js";
import { forget, store, stored } from "./kept_words.js";
import { $, make, path, told, w } from "./desk_parts.js";
import { reportFiles } from "./report_files.js";

const { results, bases } = JSON.parse(document.body.dataset.facts);
const FIELDS = ["result", "amount_in_dispute", "amount_recovered", "text", "answer", "basis", "signed_by"];
const MONEY = ["amount_in_dispute", "amount_recovered"];
const PAUSE = 800; // milliseconds without a key before a draft is sent
let order = null;
let did = null;
let timer = 0;
let dirty = false; // something was typed that the server has not got

const place = (id) => `report:${id}`;

export function showReport(one, another, does) {
  const before = order;
  order = one;
  did = does;
  $("report-card").hidden = !one.possible.includes("report");
  $("answer-label").textContent = w(`answer_for.${one.kind}`);
  $("basis-field").hidden = one.kind !== "report";
  if (!another && before && (dirty || before.state === one.state)) return;
  fill();
}

function fill() {
  const choices = (entries) => [["", w("choose")], ...entries].map(([value, text]) => Object.assign(make("option", text), { value }));
  $("result").replaceChildren(...choices(results[order.kind] ?? []));
  $("basis").replaceChildren(...choices(bases));
  const local = stored(place(order.id));
  const given = local ?? order.draft ?? order.reports.at(-1) ?? first();
  for (const name of FIELDS) $(name).value = given[name] ?? "";
  papers.show(order.item, local ? local.files ?? [] : (order.draft ?? order.reports.at(-1))?.files ?? []);
  dirty = Boolean(local);
  state(local ? "draft_here" : order.draft ? "draft_kept" : "");
  mark([]);
  $("report-fault").textContent = "";
  if (local) later();
}

const first = () => ({ amount_in_dispute: order.item.amount ?? "", signed_by: document.body.dataset.shown });

function typed() {
  const said = Object.fromEntries(FIELDS.map((name) => [name, $(name).value.trim()]));
  for (const name of MONEY) if (!said[name]) delete said[name];
  if (order.kind !== "report") delete said.basis;
  said.files = papers.hashes;
  return said;
}

const state = (word) => ($("draft-state").textContent = word && w(word));

function later() {
  clearTimeout(timer);
  timer = setTimeout(save, PAUSE);
}

async function save() {
  const { id } = order;
  const said = typed();
  try {
    await ask("POST", `orders/${path(id)}/draft`, said);
    if (order.id !== id || JSON.stringify(typed()) !== JSON.stringify(said)) return;
    dirty = false;
    forget(place(id));
    state("draft_kept");
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    if (order.id === id) state("draft_here"); // an amount that is half typed, or no connection: the next key tries again
  }
}

function mark(faults) {
  for (const name of FIELDS) $(name).setAttribute("aria-invalid", String(faults.some((fault) => fault.field === name)));
}

const papers = reportFiles({ list: "report-papers", input: "report-new", fault: "report-new-fault" }, keep);

function keep() {
  dirty = true;
  const said = Object.fromEntries(FIELDS.map((name) => [name, $(name).value]));
  store(place(order.id), { ...said, files: papers.files });
  state("draft_being_kept");
  later();
}

$("report-form").addEventListener("input", ({ target }) => target.type !== "file" && keep());

$("report-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  clearTimeout(timer);
  const { id } = order;
  const send = $("report-form").querySelector("[type=submit]");
  send.disabled = true;
  $("report-fault").textContent = "";
  try {
    const whole = await ask("POST", `orders/${path(id)}/report`, typed());
    dirty = false;
    forget(place(id));
    did(whole, w("did.report"));
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    mark(problem.faults);
    $("report-fault").textContent = told(problem);
    $("report-form").querySelector("[aria-invalid=true]")?.focus();
  } finally {
    send.disabled = false;
  }
});
