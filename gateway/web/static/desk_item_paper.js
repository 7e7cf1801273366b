// A report on paper of a unit without accounts, typed in at the desk; it counts from the day on which it came.
import { ask, Problem } from "./desk_server.js";
import { keepWords } from "./kept_words.js";
import { $, dayOf, lang, make, told, today, w } from "./desk_parts.js";
import { reportFiles } from "./report_files.js";

const { results } = JSON.parse(document.body.dataset.item);
const FIELDS = ["received_on", "result", "amount_in_dispute", "amount_recovered", "text", "answer", "basis", "signed_by"];
const field = (name) => $(`p-${name}`);
const papers = reportFiles({ list: "p-files", input: "p-new", fault: "fault-p-files" }, () => {});
let order = null;
let did = null;
const words = keepWords($("paper-form"), () => order && `paper:${order.id}`);

// Opens the form for an order; `does` is called once the report is kept.
export function openPaper(one, does) {
  order = one;
  did = does;
  const choices = [["", w("choose")], ...(results[one.kind] ?? [])];
  field("result").replaceChildren(...choices.map(([value, text]) => Object.assign(make("option", text), { value })));
  const given = one.draft ?? {};
  for (const name of FIELDS) field(name).value = given[name] ?? "";
  field("received_on").value ||= today();
  Object.assign(field("received_on"), { min: dayOf(one.since), max: today() });
  $("p-basis-box").hidden = one.kind !== "report";
  papers.show(one.item, given.files ?? []);
  words.restore();
  mark([]);
  $("paper-form").hidden = false;
  field("received_on").focus();
}

export function closePaper() {
  $("paper-form").hidden = true;
  order = null;
}

export const paperOf = () => order?.id ?? null;

function mark(faults) {
  for (const name of [...FIELDS, "files"]) {
    const fault = faults.find((one) => one.field === name);
    const unchosen = fault && name === "result" && !field(name).value; // the fault names every result that there is
    $(`fault-p-${name}`).textContent = unchosen ? w("choose") : fault?.[lang] ?? "";
    if (name !== "files") field(name).setAttribute("aria-invalid", String(Boolean(fault)));
  }
  $("paper-fault").textContent = "";
}

function typed() {
  const said = Object.fromEntries(FIELDS.map((name) => [name, field(name).value.trim()]).filter(([, text]) => text));
  return { ...said, files: papers.hashes };
}

$("paper-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const { id } = order;
  const send = $("paper-form").querySelector("[type=submit]");
  send.disabled = true;
  mark([]);
  if (!field("received_on").value) {
    mark([{ field: "received_on", [lang]: w("needed.day") }]);
    field("received_on").focus();
    send.disabled = false;
    return;
  }
  try {
    await ask("POST", `orders/${id}/report`, typed());
    words.sent(`paper:${id}`);
    closePaper();
    await did();
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    mark(problem.faults);
    if (!problem.faults.length) $("paper-fault").textContent = told(problem);
    $("paper-form").querySelector("[aria-invalid=true]")?.focus();
  } finally {
    send.disabled = false;
  }
});
$("paper-not").addEventListener("click", closePaper);
