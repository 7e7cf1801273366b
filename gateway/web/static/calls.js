// /desk/calls: calls, the newest first, with filters that stand in the address: #caller=138...&outcome=talked.
import { ask, Problem } from "./desk_server.js";
import { filteredList } from "./filtered_list.js";
import { keepWords } from "./kept_words.js";
import { $, agent, alarm, button, lang, make, path, role, spaced, told, w, when } from "./desk_parts.js";

const FIELDS = ["caller", "from", "to", "agent", "outcome"];
const LEADS = ["supervisor", "admin"].includes(role);
const held = new Set(); // items that this agent holds: their recordings may be heard as well
const names = new Map();
let playing = null;

const length = ({ talked_at, ended_at }) => talked_at && ended_at && Math.max(0, Math.round((Date.parse(ended_at) - Date.parse(talked_at)) / 1000));
const minutes = (seconds) => `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
const mayHear = (call) => Boolean(call.recording) && (LEADS || call.agent === agent || held.has(call.number));

function rowOf(call) {
  const row = make("tr");
  row.dataset.id = call.id;
  const whom = make("td");
  const number = (call.direction === "out" ? call.dialled : call.caller) || w("no_number");
  whom.append(make("span", w(call.back_of ? "back" : call.direction), "tag"), ` ${number}`);
  const outcome = make("td");
  outcome.append(make("span", w(`call_outcome.${call.outcome}`), "chip"));
  if (call.rating) outcome.append(make("div", w("rating", call.rating), "soft small"));
  const lasted = make("td", length(call) === null ? "" : minutes(length(call)));
  if (call.queued_at) lasted.append(make("div", w("waited", Math.round(call.wait_seconds)), "soft"));
  const item = make("td");
  if (call.number) item.append(Object.assign(make("a", spaced(call.number)), { href: `/desk#${call.number}` }));
  const sound = make("td");
  if (mayHear(call)) sound.append(button(w("play"), () => play(call, row)));
  row.append(make("td", when(call.started_at)), whom, make("td", names.get(call.agent) || call.agent || ""), outcome, lasted, item, sound);
  return row;
}

// ------------------------------------------------------------ the player

const because = (source) => ($("reason").value.trim() ? `${source}?${new URLSearchParams({ reason: $("reason").value.trim() })}` : source);

const words = keepWords($("why"), () => playing && `hear:${playing.id}`);

function play(call, row) {
  playing = call;
  for (const other of $("calls").children) other.removeAttribute("aria-current");
  row.setAttribute("aria-current", "true");
  $("player-name").textContent = [when(call.started_at), names.get(call.agent) || call.agent].filter(Boolean).join(" · ");
  $("player").hidden = false;
  $("why").hidden = true;
  $("reason").value = "";
  return sound();
}

// The picture first: what refuses it would refuse the sound too, and says why.
async function sound() {
  const base = `/api/v1/calls/${path(playing.id)}`;
  $("player-fault").textContent = "";
  $("wave").replaceChildren();
  $("sound").removeAttribute("src");
  try {
    $("wave").replaceChildren(await picture(because(`${base}/peaks`)));
    $("sound").src = because(`${base}/recording`);
    words.sent();
    await $("sound").play().catch(() => {}); // a browser may want a click on the player itself
  } catch (problem) {
    const wanted = problem.faults?.some((one) => one.field === "reason");
    if (problem.status) $("why").hidden = !wanted;
    $("player-fault").textContent = wanted ? problem.faults[0][lang] : problem.message;
    if (!wanted) return;
    words.restore();
    $("reason").focus();
  }
}

async function picture(source) {
  const answer = await fetch(source).catch(() => null);
  if (!answer) throw new Problem(0, { detail: w("unreachable") });
  if (!answer.ok) throw new Problem(answer.status, await answer.json().catch(() => null));
  const drawn = new DOMParser().parseFromString(await answer.text(), "image/svg+xml");
  return document.importNode(drawn.documentElement, true);
}

$("why").addEventListener("submit", (event) => {
  event.preventDefault();
  sound();
});
$("wave").addEventListener("click", ({ clientX }) => {
  const { left, width } = $("wave").getBoundingClientRect();
  if ($("sound").duration) $("sound").currentTime = ((clientX - left) / width) * $("sound").duration;
});
$("player-close").addEventListener("click", () => {
  $("sound").pause();
  $("sound").removeAttribute("src");
  $("player").hidden = true;
  const row = $("calls").querySelector("[aria-current]");
  row?.removeAttribute("aria-current");
  row?.querySelector("button")?.focus();
});

// ------------------------------------------------------------ filters and their address

const list = filteredList({
  prefix: "c",
  fields: FIELDS,
  atOnce: FIELDS.slice(1),
  rows: "calls",
  rowOf,
  async open(filters) {
    const { items, next } = await ask("GET", `calls?${new URLSearchParams({ ...filters, limit: "50" })}`);
    return { rows: items, next };
  },
  words: (problem) => problem.faults?.map((one) => one[lang]).join(" ") || problem.message,
});

async function begin() {
  const [people, mine] = await Promise.all([ask("GET", "colleagues"), LEADS ? { items: [] } : ask("GET", "queue/rows?tab=mine&limit=200")]);
  for (const one of people.items) names.set(one.account, one.name);
  for (const one of mine.items) held.add(one.number);
  $("c-agent").append(...people.items.map((one) => Object.assign(make("option", one.name), { value: one.account })));
  if (!LEADS && !location.hash) history.replaceState(null, "", `#agent=${path(agent)}`); // an agent begins with the own calls
}
begin().catch((problem) => alarm(told(problem))).then(list.follow);
