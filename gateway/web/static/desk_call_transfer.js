// Consulting others in a call: a partner or a colleague is asked, joined, or given the caller.
import { ask } from "./desk_server.js";
import { $, agent, make, path, seat, w } from "./desk_parts.js";
import { now, on } from "./desk_now.js";

const OVER = ["over", "back", "requeued", "handed_over"]; // states in which nobody is consulted any more
let partners = [];

export function fillTargets(agents) {
  const options = partners.map((partner) => [`partner:${partner.id}`, partner.name]);
  options.push(...agents.filter((other) => other.id !== agent && other.state !== "offline").map((other) => [`agent:${other.id}`, other.name]));
  const chosen = $("target").value;
  $("target").replaceChildren(...options.map(([value, name]) => Object.assign(make("option", name), { value })));
  if (options.some(([value]) => value === chosen)) $("target").value = chosen;
  showAdvice();
}

const nameOf = (target) => partners.find((partner) => partner.id === target)?.name || [...$("target").options].find((option) => option.value === `agent:${target}`)?.text || target;

// What a partner is told before it is joined, by its file: seen while it is chosen and while it is spoken with.
function showAdvice() {
  const [what, id] = $("target").value.split(":");
  $("advice").textContent = what === "partner" ? partners.find((partner) => partner.id === id)?.told_before_joining || "" : "";
}
$("target").addEventListener("change", showAdvice);

// Whoever was asked into another's call sees how it goes, and moves it once it is his.
export function showTransfer({ state, target, outcome, agent: mover = agent } = {}) {
  const going = Boolean(state) && !OVER.includes(state);
  const taken = state === "handed_over" && target === agent;
  const mine = mover === agent || taken;
  const words = going ? w(`transfer.${state}`) : state && !taken && w(`outcome.${outcome}`);
  $("transfer-state").textContent = words ? `${nameOf(target)} · ${words}` : "";
  for (const id of ["target", "consult", "direct"]) $(id).hidden = going || !mine;
  $("merge").hidden = !mine || state !== "consult";
  $("back").hidden = !mine || !going;
  $("leave").hidden = !mine || !["consult", "joined"].includes(state);
}
on("popped", () => showTransfer());

// What was told while nobody listened.
export const readTransfer = () => ask("GET", `calls/${path(now.seat.call_id)}/transfer`).then(showTransfer, () => showTransfer());

export function becameFax() {
  $("transfer-state").textContent = w("became_fax");
}

function consult(direct) {
  const [what, id] = $("target").value.split(":");
  moveCall("consult", { [what]: id, direct });
}

$("consult").addEventListener("click", () => consult(false));
$("direct").addEventListener("click", () => consult(true));
for (const what of ["merge", "back", "leave"]) $(what).addEventListener("click", () => moveCall(what));

async function moveCall(what, body) {
  try {
    await ask("POST", `calls/${path(now.pop.id)}/${what}`, body);
  } catch (problem) {
    $("transfer-state").textContent = problem.message;
  }
}

if (seat) ask("GET", "partners").then(({ items }) => (partners = items), () => {});
