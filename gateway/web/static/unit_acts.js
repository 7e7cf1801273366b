// What may be done with the order that is open, each with what it needs beside it.
import { ask, Problem } from "./desk_server.js";
import { keepWords } from "./kept_words.js";
import { $, button, dayOf, lang, make, path, today, told, w } from "./desk_parts.js";

const { reasons, stations, extension_days, grounds } = JSON.parse(document.body.dataset.facts);
const SHOWN = ["sign", "return", "pass-down", "ask-extension", "suspend", "resume", "decide", "dispute"];
const DECISIONS = ["accept", "refuse_acceptance", "end_mediation"];
let order = null;
let did = null;
let act = "";
const kept = keepWords($("act-form"), () => act && `order:${order.id}:${act}`);

// Each field of each act: its name in the API, what it is, and what it is chosen from.
const FIELDS = {
  return: () => [choice("reason", reasons), words("text")],
  "pass-down": () => [choice("unit", stations.filter(([id]) => id.startsWith(order.bureau) && id !== order.unit)), words("text")],
  "ask-extension": () => [number("days", extension_days), words("reason")],
  suspend: () => [words("reason"), line("paper"), date("from", dayOf(order.since))],
  resume: () => [date("on", "")],
  decide: () => [choice("event", DECISIONS.map((id) => [id, w(`decision.${id}`)])), choice("ground", []), words("text")],
  dispute: () => [words("text")],
};

export function showActs(one, another, does) {
  const was = order?.state;
  order = one;
  did = does;
  const possible = SHOWN.filter((name) => one.possible.includes(name) && (name !== "pass-down" || FIELDS[name]()[0].options.length));
  $("acts-card").hidden = !possible.length;
  $("acts").replaceChildren(...possible.map((name) => button(w(`act.${name}`), () => begin(name), name === "sign" ? "main" : "")));
  if (another || was !== one.state || !possible.includes(act)) close();
}

function begin(name) {
  act = name;
  if (!FIELDS[name]) return send({});
  $("act-fields").replaceChildren(...FIELDS[name]().map(fieldOf));
  if (name === "decide") $("a-event").addEventListener("change", fillGrounds), fillGrounds();
  $("act-hint").textContent = w(`hint.${name}`).replace(`hint.${name}`, "");
  $("act-do").textContent = w(`act.${name}`);
  $("act-fault").textContent = "";
  kept.restore();
  $("act-form").hidden = false;
  $("act-fields").querySelector("select, input, textarea").focus();
  return undefined;
}

const choice = (name, options) => ({ name, tag: "select", options });
const words = (name) => ({ name, tag: "textarea" });
const line = (name) => ({ name, tag: "input", type: "text" });
const date = (name, min) => ({ name, tag: "input", type: "date", min, max: today(), value: today() });
const number = (name, max) => ({ name, tag: "input", type: "number", min: 1, max, value: max });

function fieldOf({ name, tag, options = [], ...more }) {
  const box = make("div", "", "field");
  const label = Object.assign(make("label", w(`say.${act}.${name}`)), { htmlFor: `a-${name}` });
  const field = Object.assign(make(tag), { id: `a-${name}`, name, ...(tag === "textarea" ? { rows: 2, maxLength: 2000 } : {}), ...more });
  field.append(...options.map(([value, text]) => Object.assign(make("option", text), { value })));
  box.append(label, field);
  return box;
}

// The grounds of the law under which the item came.
function fillGrounds() {
  const law = [...grounds].reverse().find((one) => one.from <= dayOf(order.received_at)) ?? grounds[0];
  const list = { refuse_acceptance: law.grounds, end_mediation: law.endings }[$("a-event").value] ?? [];
  $("a-ground").replaceChildren(...list.map(([id, text]) => Object.assign(make("option", `${id}. ${text}`), { value: id })));
  $("a-ground").parentElement.hidden = !list.length;
}

function close() {
  act = "";
  $("act-form").hidden = true;
}

function body() {
  const said = {};
  for (const field of $("act-fields").querySelectorAll("[name]")) {
    if (field.parentElement.hidden || field.value === "") continue;
    said[field.name] = ["days", "ground"].includes(field.name) ? Number(field.value) : field.value.trim();
  }
  return said;
}

async function send(said) {
  const name = act;
  const buttons = $("acts-card").querySelectorAll("button");
  for (const one of buttons) one.disabled = true;
  try {
    const whole = await ask("POST", `orders/${path(order.id)}/${name}`, said);
    kept.sent();
    close();
    did(whole, w(`did.${name}`));
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    $("act-form").hidden = false;
    if (!FIELDS[name]) $("act-fields").replaceChildren();
    tell(problem);
  } finally {
    for (const one of buttons) one.disabled = false;
  }
}

function tell(problem) {
  const label = (name) => document.querySelector(`label[for="a-${CSS.escape(name)}"]`)?.textContent;
  for (const field of $("act-fields").querySelectorAll("[name]")) field.setAttribute("aria-invalid", String(problem.faults.some((one) => one.field === field.name)));
  const colon = lang === "zh" ? "：" : ": ";
  $("act-fault").textContent = problem.faults.length ? problem.faults.map((one) => [label(one.field), one[lang]].filter(Boolean).join(colon)).join("；") : told(problem);
}

$("act-form").addEventListener("submit", (event) => {
  event.preventDefault();
  send(body());
});
$("act-cancel").addEventListener("click", close);
