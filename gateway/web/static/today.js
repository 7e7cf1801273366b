// /desk/today: what a shift leader looks at: figures, seats, who waits, who holds what, what is overdue.
import { ask, listen } from "./desk_server.js";
import { keepWords } from "./kept_words.js";
import { $, alarm, button, clock, lang, make, path, spaced, today, told, w } from "./desk_parts.js";

const CALLS = ["offered", "answered", "in_time_rate", "average_wait", "gave_up", "turned_away", "owed"];
const LISTS = ["waiting", "to_answer", "papers", "handed_over", "added", "overdue", "closed_today"];
const READ_AFTER = 700; // milliseconds: so long changes are gathered
let colleagues = [];
let holder = ""; // whose items are shown
let moving = null; // the item that is given to somebody else
const words = keepWords($("reassign-form"), () => moving && `reassign:${moving.number}`);

// ------------------------------------------------------------ figures

function figure(name, value, href = "") {
  const box = href ? Object.assign(make("a"), { href }) : make("div");
  box.id = `f-${name}`;
  box.append(make("strong", value ?? "–"), make("span", w(LISTS.includes(name) ? `tab.${name}` : `figure.${name}`), "soft"));
  if (name === "overdue" && value > 0) box.dataset.late = "1";
  return box;
}

const percent = (rate) => (rate === null || rate === undefined ? null : `${Math.round(rate * 100)} %`);

function showFigures({ figures, standing }, counts) {
  const day = `from=${today()}&to=${today()}`;
  const links = { offered: `#${day}`, answered: `#${day}&outcome=talked`, gave_up: `#${day}&outcome=gave_up`, turned_away: `#${day}&outcome=turned_away` };
  const values = { ...figures, owed: standing?.owed, in_time_rate: percent(figures?.in_time_rate) };
  $("figures").replaceChildren(
    ...CALLS.map((name) => figure(name, values[name], links[name] && `/desk/calls${links[name]}`)),
    ...LISTS.map((name) => figure(name, counts[name], `/desk#tab=${name}`)),
  );
}

// ------------------------------------------------------------ seats and callers

function seatRow(one) {
  const row = make("tr");
  const state = make("td");
  const pill = make("span", w(`state.${one.state}`) + (one.state === "paused" && one.reason ? ` · ${w(`pause.${one.reason}`)}` : ""), "pill");
  pill.dataset.state = one.state;
  state.append(pill);
  const since = make("td", "", "figure");
  if (one.since && one.state !== "offline") since.dataset.since = String(Date.parse(one.since));
  const acts = make("td");
  if (one.call_id && one.state === "talking") {
    const box = make("div", "", "acts");
    box.append(...["listen", "whisper", "join"].map((mode) => button(w(mode), () => hearIn(one.call_id, mode))));
    acts.append(box);
  }
  row.append(make("td", `${one.seat} ${one.name}`), state, since, acts);
  return row;
}

async function hearIn(call, mode) {
  $("seats-fault").textContent = "";
  try {
    await ask("POST", `calls/${path(call)}/listen`, { mode, seat: $("ear").value });
  } catch (problem) {
    $("seats-fault").textContent = told(problem);
  }
}

function showSeats(seats) {
  const chosen = $("ear").value;
  $("ear").replaceChildren(...seats.map((one) => Object.assign(make("option", `${one.seat} ${one.name}`), { value: one.seat })));
  if (seats.some((one) => one.seat === chosen)) $("ear").value = chosen;
  $("seats").replaceChildren(...seats.map(seatRow));
}

function showWaiting(waiting) {
  $("waiting").replaceChildren(
    ...waiting.map((one) => {
      const row = make("li", `${one.caller || "–"} `);
      const since = make("strong");
      since.dataset.since = String(Date.parse(one.since));
      row.append(since);
      return row;
    }),
  );
  $("waiting-empty").hidden = waiting.length > 0;
}

function tick() {
  for (const one of document.querySelectorAll("[data-since]")) one.textContent = clock(Number(one.dataset.since));
}
setInterval(tick, 1000);

// ------------------------------------------------------------ items and who holds them

function itemRow(item) {
  const row = make("li");
  const due = item.due ? make("span", lang === "zh" ? item.due.words : item.due.words_en, "due") : "";
  if (item.due) due.dataset.level = item.due.level;
  const acts = make("div", "", "acts");
  acts.append(make("span", item.holder?.name || w("nobody"), "tag"), button(w("reassign"), () => begin(item)));
  row.append(Object.assign(make("a", spaced(item.number)), { href: `/desk#${item.number}` }), " ", due, make("div", [item.name, item.respondent_name, item.summary].filter(Boolean).join(" · "), "soft"), acts);
  return row;
}

function showHolders(items) {
  if (!items.some((one) => one.account === holder)) holder = items[0]?.account || "";
  $("holders").replaceChildren(
    ...items.map((one) => {
      const chosen = button(`${one.name} · ${w("pieces", one.count)}`, () => {
        holder = one.account;
        readItems().catch((problem) => alarm(told(problem)));
      });
      chosen.setAttribute("aria-pressed", String(one.account === holder));
      return chosen;
    }),
  );
  $("holders-empty").hidden = items.length > 0;
}

async function readItems() {
  const [holders, late] = await Promise.all([ask("GET", "queue/holders"), ask("GET", "queue/rows?tab=overdue&limit=20")]);
  showHolders(holders.items);
  const held = holder ? await ask("GET", `queue/rows?${new URLSearchParams({ tab: "mine", holder, limit: "50" })}`) : { items: [] };
  $("held").replaceChildren(...held.items.map(itemRow));
  $("overdue").replaceChildren(...late.items.map(itemRow));
  $("overdue-empty").hidden = late.items.length > 0;
}

function begin(item) {
  moving = item;
  $("reassign-name").textContent = `${w("reassign")} ${spaced(item.number)}`;
  const others = colleagues.filter((one) => one.account !== item.holder?.account);
  const choices = [{ account: "", name: "" }, ...(item.holder ? [{ account: "-", name: w("to_queue") }] : []), ...others];
  $("to").replaceChildren(...choices.map((one) => Object.assign(make("option", one.name), { value: one.account })));
  $("reason").value = "";
  words.restore();
  $("reassign-fault").textContent = "";
  $("reassign").showModal();
}

$("reassign-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const to = $("to").value === "-" ? "" : $("to").value;
  try {
    await ask("POST", `queue/${moving.number}/reassign`, { to, reason: $("reason").value.trim() });
    words.sent();
    $("reassign").close();
    await read();
  } catch (problem) {
    $("reassign-fault").textContent = told(problem);
  }
});
$("reassign-cancel").addEventListener("click", () => $("reassign").close());

// ------------------------------------------------------------ reading

async function read() {
  try {
    const [board, counts, seats] = await Promise.all([ask("GET", "board"), ask("GET", "queue/counts"), ask("GET", "agents")]);
    showFigures(board.today, counts);
    showWaiting(board.now.waiting);
    showSeats(seats.items);
    await readItems();
    tick();
    alarm("");
    document.body.dataset.read = "1";
  } catch (problem) {
    alarm(told(problem));
  }
}

let soon = 0;
function readSoon() {
  soon ||= setTimeout(() => {
    soon = 0;
    read();
  }, READ_AFTER);
}

ask("GET", "colleagues").then(({ items }) => (colleagues = items), (problem) => alarm(told(problem)));
listen("today", readSoon, read, () => alarm(w("not_live")));
