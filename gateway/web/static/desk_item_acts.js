// What may be done to an item: one button for each act, with what it needs beside it and nothing chosen before;
// and, for some seconds, undone.
import { ask } from "./desk_server.js";
import { cannedInto } from "./desk_item_canned.js";
import { change, current, isMine, part, placeFaults } from "./desk_item.js";
import { typed } from "./case_form.js";
import { now, on, tell } from "./desk_now.js";
import { keepWords } from "./kept_words.js";
import { $, agent, dayOf, lang, make, path, seat, told, w } from "./desk_parts.js";

const { grounds } = JSON.parse(document.body.dataset.item);
const QUEUED = ["received", "in_work"];
const AT_ONCE = ["accept", "papers_came"]; // need nothing, and can be undone
// What an act needs beside its words.
const BOXES = { refuse_acceptance: ["ground"], end_mediation: ["ground"], refer: ["partner"], fax: ["fax"], external: ["external"], step: ["step", "on", "by"], answer: ["canned"] };
const WORDLESS = ["external"];
let chosen = ""; // the act whose form is open
const words = keepWords($("decide"), () => chosen && `item:${current().number}:${chosen}`);

part((one, another) => {
  if (another) closeAct();
  const mine = isMine();
  $("claim").hidden = mine || !mayClaim(one);
  $("addition-read").hidden = !one.has_addition || Boolean(one.holder && !mine);
  $("release").hidden = !mine || !one.allowed.includes("release");
  $("show-code").hidden = !mine;
  $("ring-back").hidden = !one.person.phone || !seat;
  $("item-form").href = `/api/v1/queue/${one.number}/form`;
  const unsorted = one.kind === "unsorted" && QUEUED.includes(one.state);
  $("fax-pages").hidden = !(one.channel === "fax" || unsorted);
  $("fax-word").textContent = w(one.channel === "fax" ? "look_at_fax" : "write_up");
  $("fax-pages").href = `/desk/fax/${one.number}`;
  showActs(one);
  showUndo(one.last_act);
});
on("popped", () => current() && showActs(current()));

function showActs(one) {
  const acts = actsOf(one, isMine());
  for (const act of document.querySelectorAll("#item-acts [data-act]")) act.hidden = !acts.includes(act.dataset.act);
  if (chosen && !acts.includes(chosen)) closeAct();
}

// May what the caller tells be added to this item? Not in a call that was made for it: that writes into it.
const isOther = (one) => Boolean(now.pop) && now.pop.kind !== "internal" && now.pop.number !== one.number && !one.anonymous;

// Also what waits for papers, is accepted or answered and has nobody: else nothing more could be done to it. What a
// unit has is worked on without being claimed.
const mayClaim = ({ state, holder, allowed }) => QUEUED.includes(state) || (!holder && state !== "handed_over" && allowed.includes("claim"));

function actsOf(one, mine) {
  const free = !one.holder || mine;
  const withoutLease = ["withdraw", "reopen", "hand_back"];
  const may = (name) => mine || (free && (withoutLease.includes(name) || one.state === "handed_over"));
  const acts = one.allowed.filter((name) => may(name) && !(name === "refuse_acceptance" && one.kind !== "complaint"));
  if (!mine) acts.splice(acts.indexOf("complete"), acts.includes("complete") ? 1 : 0);
  if (QUEUED.includes(one.state) || one.state === "accepted") acts.push("refer");
  if (["complaint", "report"].includes(one.kind) && one.state !== "merged") acts.push("split");
  if (free && one.last_act?.retractable) acts.push("retract");
  if (free && one.state !== "merged" && orderOf(one).steps[one.kind].length) acts.push("step");
  if (isOther(one)) acts.push("call_addition");
  return [...acts, "fax", "external"];
}

// ------------------------------------------------------------ the form of an act

for (const act of document.querySelectorAll("#item-acts [data-act]"))
  act.addEventListener("click", () => {
    $("more-acts").open = false;
    const name = act.dataset.act;
    if (AT_ONCE.includes(name)) change(at(name), {});
    else openAct(name);
  });

const at = (what) => (what === "call_addition" ? `calls/${path(now.pop.id)}/addition` : `queue/${current().number}/${what}`);

// By its key: only what stands there to be pressed.
export function press(name) {
  const act = document.querySelector(`#item-acts [data-act="${name}"]`);
  if (current() && act && !act.hidden) act.click();
}

function openAct(name) {
  const one = current();
  chosen = name;
  const boxes = [...(BOXES[name] || [])];
  if (name === "answer" && one.kind === "report") boxes.push("basis");
  for (const box of ["ground", "partner", "fax", "external", "step", "on", "by", "canned", "basis"]) $(`act-${box}-box`).hidden = !boxes.includes(box);
  for (const id of ["act-ground", "act-partner", "act-fax", "act-external", "act-on", "act-by", "act-basis", "item-word"]) $(id).value = "";
  if (boxes.includes("ground")) showGrounds(one, name === "end_mediation" ? "endings" : "grounds");
  if (boxes.includes("step")) showChoices("act-step", orderOf(one).steps[one.kind]);
  if (boxes.includes("canned")) showAnswers(one.number);
  $("act-word-box").hidden = WORDLESS.includes(name);
  $("word-name").textContent = w(name === "complete" && one.closing_needs_reason ? "word.complete_early" : `word.${name}`);
  $("act-name").textContent = $("do").textContent = w(`act.${name}`);
  words.restore();
  if (name === "call_addition") $("item-word").value ||= typed($("draft")).content || "";
  placeFaults($("decide"), null, {});
  $("item-fault").textContent = "";
  $("decide").hidden = false;
  const first = $("decide").querySelector("div:not([hidden]) > select, div:not([hidden]) > input, div:not([hidden]) > textarea");
  (name === "answer" ? $("item-word") : first).focus();
}

// Closes the form of an act; false when none was open.
export function closeAct() {
  const open = Boolean(chosen);
  chosen = "";
  $("decide").hidden = true;
  return open;
}
$("do-not").addEventListener("click", closeAct);

// The order in force on the day of receipt.
function orderOf(one) {
  const received = dayOf(one.received_at);
  return grounds.filter((known) => known.from <= received).at(-1) || grounds[0];
}

const showGrounds = (one, which) => showChoices("act-ground", orderOf(one)[which].map(([number, text]) => [number, `${number}. ${text}`]));

function showChoices(id, choices) {
  const rows = choices.map(([value, text]) => Object.assign(make("option", text), { value }));
  $(id).replaceChildren(Object.assign(make("option", w("choose")), { value: "" }), ...rows);
}

const showAnswers = cannedInto("act-canned", "item-word");

const FIELDS = { basis: "act-basis", ground: "act-ground", partner: "act-partner", fax: "act-fax", external_no: "act-external", step: "act-step", on: "act-on", approved_by: "act-by", text: "item-word", papers: "item-word", reason: "item-word", content: "item-word" };

// What is asked for and not given is said here in the words of the page; the server has the last word.
function missing(name) {
  const needs = { refuse_acceptance: ["ground"], end_mediation: ["ground"], refer: ["partner"], fax: ["fax"], external: ["external_no"], step: ["step", "on"], wait_for_papers: ["papers"], answer: ["text"], hand_back: ["reason"], reopen: ["reason"], retract: ["reason"], split: ["content"], call_addition: ["text"], complete: current().closing_needs_reason ? ["text"] : [] };
  return (needs[name] || []).filter((field) => !$(FIELDS[field]).value.trim()).map((field) => ({ field, [lang]: w(`needed.${field}`) }));
}

function bodyOf(name) {
  const word = $("item-word").value.trim();
  switch (name) {
    case "refuse_acceptance":
    case "end_mediation":
      return { ground: Number($("act-ground").value), text: word };
    case "answer":
      return $("act-basis").value ? { text: word, basis: $("act-basis").value } : { text: word };
    case "wait_for_papers":
      return { papers: word };
    case "hand_back":
    case "reopen":
    case "retract":
      return { reason: word };
    case "refer":
      return { partner: $("act-partner").value, text: word };
    case "split":
      return { kind: current().kind === "complaint" ? "report" : "complaint", content: word };
    case "call_addition":
      return { number: current().number, text: word };
    case "fax":
      return { to: $("act-fax").value.replace(/[ -]/g, ""), text: word };
    case "step":
      return { step: $("act-step").value, on: $("act-on").value, approved_by: $("act-by").value.trim(), text: word };
    case "external":
      return { external_no: $("act-external").value.trim() };
    default:
      return { text: word };
  }
}

$("decide").addEventListener("submit", async (event) => {
  event.preventDefault();
  const name = chosen;
  const fields = Object.fromEntries(Object.entries(FIELDS).map(([field, id]) => [field, $(id)]));
  const faulty = (problem) => ($("item-fault").textContent = placeFaults($("decide"), problem, fields));
  const faults = missing(name);
  if (faults.length) return faulty({ faults });
  placeFaults($("decide"), null, {});
  const kept = `item:${current().number}:${name}`;
  if (await change(at(name), bodyOf(name), faulty)) {
    words.sent(kept);
    closeAct();
    if (name === "call_addition") tell("added");
  }
});

$("claim").addEventListener("click", () => change("queue/claim", { number: current().number }));
$("addition-read").addEventListener("click", () => change(at("addition-read"), {}));
$("release").addEventListener("click", () => change(at("release"), {}));
$("ring-back").addEventListener("click", () => ask("POST", at("call")).catch((problem) => ($("item-fault").textContent = problem.message)));
$("show-code").addEventListener("click", async () => {
  $("more-acts").open = false;
  try {
    const { query_code } = await ask("GET", at("code"));
    $("code-again").textContent = query_code;
    $("code-box").hidden = false;
  } catch (problem) {
    $("item-fault").textContent = told(problem);
  }
});

// ------------------------------------------------------------ undo

let until = 0;
function showUndo(act) {
  until = act && act.who === agent ? Date.parse(act.undo_until) : 0;
  $("undo-word").textContent = act ? w("done", act[`event_${lang}`]) : "";
  tick();
}

function tick() {
  const left = Math.ceil((until - Date.now()) / 1000);
  $("undo-box").hidden = left <= 0;
  $("undo-left").textContent = left > 0 ? String(left) : "";
}
setInterval(tick, 500);

$("undo").addEventListener("click", async () => {
  until = 0;
  await change(at("undo"), {});
  tick();
});

ask("GET", "partners").then(
  ({ items }) => $("act-partner").replaceChildren(...[{ id: "", name: w("choose") }, ...items].map((one) => Object.assign(make("option", one.name), { value: one.id }))),
  () => {},
);
