// The follow-up call that is open: its facts, the script, the four questions, and what came of it.
import { ask } from "./desk_server.js";
import { keepWords } from "./kept_words.js";
import { $, lang, make, spaced, told, w, when } from "./desk_parts.js";

const QUESTIONS = ["contacted", "solved", "handler", "outcome"];
const DISSATISFIED = 4;
const { centre, opens, seat } = document.body.dataset;
const form = $("answers");
let call = null;
let reasons = [];
const words = keepWords($("allowed"), () => open() && `follow-up:${call.id}`);

export const openedId = () => call?.id;
export const reasonsAre = (list) => (reasons = list);

const given = (name) => form.querySelector(`input[name=${name}]:checked`)?.value;
const open = () => call?.state === "due";
const filled = (text, ...values) => values.reduce((line, value) => line.replace("%s", value), text);

export function closeCall() {
  call = null;
  $("call").hidden = true;
}

export function openCall(one) {
  const same = one.id === call?.id;
  call = one;
  $("call").hidden = false;
  $("panel-name").replaceChildren(Object.assign(make("a", spaced(one.number)), { href: `/desk#${one.number}`, target: "_blank" }));
  $("tags").replaceChildren(make("span", w(`kind.${one.kind}`), "tag"), make("span", w(`state.${one.state}`), "chip"));
  $("facts").replaceChildren(...facts());
  const mine = !one.secret || Boolean(opens);
  $("not-yours").hidden = mine;
  $("allowed").hidden = !mine || !open();
  $("done").hidden = !one.handler;
  if (one.handler) $("result").replaceChildren(...answered());
  $("why").hidden = !one.secret;
  $("ring").disabled = !seat;
  if (!same) begin();
  if (matchMedia("(max-width: 60rem)").matches) $("panel").scrollIntoView();
}

// A new call begins with nothing filled in.
function begin() {
  form.reset();
  $("reason-why").value = "";
  for (const id of ["ring-said", "ring-fault", "answers-fault"]) $(id).textContent = "";
  known(false);
  say(call.name);
  const choices = reasons.map((reason) => {
    const label = make("label", "", "check");
    label.append(Object.assign(make("input"), { type: "radio", name: "reason", value: reason.id }), ` ${reason[lang]}`);
    return label;
  });
  $("reason-list").replaceChildren(...choices);
  words.restore();
  needsReason();
  $("panel").focus({ preventScroll: true });
}

function say(name) {
  $("hello").textContent = name ? filled(w("hello"), centre, name) : filled(w("hello_nobody"), centre);
  $("about").textContent = call.respondent_name ? filled(w("about"), call.respondent_name) : w("about_nobody");
}

function fact(term, ...texts) {
  const row = make("div");
  const value = make("dd");
  value.append(...texts);
  row.append(make("dt", term), value);
  return row;
}

function facts() {
  const person = [call.name, call.phone].filter(Boolean).join(" ");
  return [
    ...(person ? [fact(w("person"), person)] : []),
    ...(call.respondent_name ? [fact(w(`respondent.${call.kind}`), call.respondent_name)] : []),
    fact(w("closed_on"), when(call.closed_at)),
  ];
}

function answered() {
  const legend = (name) => form.querySelector(`[data-question=${name}] legend`).textContent;
  const label = (name, value) => form.querySelector(`input[name=${name}][value="${value}"]`).parentElement.textContent.trim();
  const reason = reasons.find(({ id }) => id === call.reason);
  return [
    ...QUESTIONS.map((name) => fact(legend(name), label(name, call[name]))),
    ...(call.reason ? [fact(legend("reason"), reason?.[lang] || call.reason)] : []),
    ...(call.text ? [fact("", call.text)] : []),
  ];
}

// ------------------------------------------------------------ the call

function known(is) {
  $("known").checked = is;
  $("script-about").hidden = form.hidden = !is;
}
$("known").addEventListener("change", ({ target }) => known(target.checked));

async function ring() {
  if (!open() || $("ring").disabled || $("allowed").hidden) return;
  $("said").hidden = true;
  $("ring-fault").textContent = "";
  $("ring").disabled = true;
  try {
    const person = await ask("POST", `follow-ups/${call.id}/call`, { reason: $("reason-why").value.trim() });
    $("ring-said").textContent = w("ringing");
    say(person.name);
  } catch (problem) {
    $("ring-fault").textContent = told(problem);
    if (problem.faults?.length) $("reason-why").focus();
  } finally {
    $("ring").disabled = !seat;
  }
}
$("ring").addEventListener("click", ring);

// ------------------------------------------------------------ the answers

function needsReason() {
  const worst = Math.max(Number(given("handler") || 0), Number(given("outcome") || 0));
  $("reasons").hidden = worst < DISSATISFIED;
}

function lacks() {
  const wrong = QUESTIONS.filter((name) => given(name) === undefined);
  if (!$("reasons").hidden && !given("reason")) wrong.push("reason");
  for (const one of form.querySelectorAll("fieldset")) one.toggleAttribute("data-wrong", wrong.includes(one.dataset.question));
  const [first] = wrong;
  if (!first) return "";
  form.querySelector(`input[name=${first}]`).focus();
  return first === "reason" ? w("needs_reason") : w("needs", QUESTIONS.indexOf(first) + 1);
}

async function save(event) {
  event?.preventDefault();
  $("answers-fault").textContent = lacks();
  if ($("answers-fault").textContent) return;
  const body = {
    contacted: given("contacted") === "true",
    solved: given("solved") === "true",
    handler: Number(given("handler")),
    outcome: Number(given("outcome")),
    reason: $("reasons").hidden ? "" : given("reason"),
    text: $("text").value.trim(),
  };
  await send("result", body, (kept) => (kept.again ? "kept_again" : "kept"));
}

async function send(what, body, word) {
  const { id } = call;
  $("answers-fault").textContent = "";
  try {
    const kept = await ask("POST", `follow-ups/${id}/${what}`, body);
    words.sent(`follow-up:${id}`);
    closeCall();
    dispatchEvent(new CustomEvent("follow-up-done", { detail: { id } }));
    $("said").hidden = false;
    $("said").textContent = `${spaced(kept.number)} ${w(word(kept))}`;
  } catch (problem) {
    $(form.hidden ? "ring-fault" : "answers-fault").textContent = told(problem);
  }
}

form.addEventListener("submit", save);
form.addEventListener("change", needsReason);
$("not-reached").addEventListener("click", () => send("attempt", { outcome: "not_reached" }, (kept) => (kept.state === "due" ? "kept_tried" : "kept")));
$("declined").addEventListener("click", () => send("attempt", { outcome: "declined" }, () => "kept"));
addEventListener("keydown", (event) => {
  if (event.key === "F8") {
    event.preventDefault();
    ring();
  }
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && call && !form.hidden) save(event);
});
