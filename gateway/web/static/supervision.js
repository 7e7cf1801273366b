// /desk/supervision: units against columns; each figure opens its list; decisions stand beside it.
import { ask, listen, readAgain } from "./desk_server.js";
import { $, alarm, button, make, told, w, when } from "./desk_parts.js";
import { closeList, openList, readList } from "./supervision_list.js";
import { showWaiting } from "./supervision_waiting.js";
import { fold, percent, rowsOf, short } from "./unit_rows.js";

const READ_AFTER = 700; // milliseconds: so long changes are gathered
const LEVELS = { overdue: "bad", due_soon: "warn", not_signed: "warn" };
let kind = "";
let shown = null; // what was read last
let reading = 0;
const MONTH_AFTER = 60000; // milliseconds: the shares of a month are counted from very many orders
let month = { kind: null, until: 0, given: null }; // as it was read last
let monthTimer = null; // the timer of the next reading of a month that was not read anew
let rates = {}; // of the current month, by bureau
const RATES = ["in_time", "satisfied"];

function cell(row, column, more) {
  const box = make("td");
  const count = row.figures[column.figure];
  if (!count) {
    box.append(make("span", "0", "soft"));
    return box;
  }
  const name = document.body.dataset.lang === "zh" ? column.zh : column.en;
  const to = button(String(count), () => openList({ figure: column.figure, kind, ...more }, row.name, name, to));
  if (LEVELS[column.figure]) to.dataset.level = LEVELS[column.figure];
  to.setAttribute("aria-label", `${row.name} ${name} ${count}`);
  to.dataset.cell = `${row.unit}/${more.at || ""}/${column.figure}`;
  box.append(to);
  return box;
}

function line(row, columns, more, className = "") {
  const made = make("tr", "", className);
  const head = make("th", short(row.name));
  head.scope = "row";
  if (row.parts?.length) head.append(" ", fold(row, show));
  made.append(head, ...columns.map((column) => cell(row, column, more)), ...RATES.map((name) => share(row, more, name)));
  return made;
}

// A share of the current month, of a bureau as a whole; of the satisfied with how many answered.
function share(row, more, name) {
  const of = more.at ? null : rates[row.unit];
  if (!of) return make("td", "–", "soft");
  return make("td", name === "satisfied" ? `${percent(of.satisfied)}（${percent(of.answered)}）` : percent(of[name]));
}

function show() {
  const { columns, rows, total } = shown;
  const names = columns.map((column) => make("th", document.body.dataset.lang === "zh" ? column.zh : column.en));
  names.push(...RATES.map((name) => make("th", w(`rate.${name}`))));
  for (const name of names) name.scope = "col";
  const corner = make("td", "");
  $("columns").replaceChildren(corner, ...names);
  $("units").replaceChildren(...rows.flatMap((row) => rowsOf(row, (one, more, className) => line(one, columns, more, className))));
  $("total").replaceChildren(line({ unit: "", name: w("all"), figures: total }, columns, {}));
  $("cut-off").textContent = w("cut_off", when(shown.cut_off));
  $("rates-cut-off").textContent = w("rates_cut_off", when(month.given.cut_off));
  const { passes, rounds } = shown.problems;
  $("problems-count").textContent = `（${passes + rounds}）`;
  $("problems").textContent = [w("problem.passes", passes), w("problem.rounds", rounds)].join(" · ");
  showWaiting(shown);
}

// The figures of the current month: read anew for another kind, else once a minute at most.
async function ofMonth(query) {
  if (month.kind !== kind || Date.now() >= month.until) {
    month = { kind, until: Date.now() + MONTH_AFTER, given: await ask("GET", `supervision/figures${query}`) };
  } else if (!monthTimer) {
    monthTimer = setTimeout(() => ((monthTimer = null), read()), month.until - Date.now());
  }
  return month.given;
}

async function read() {
  const mine = ++reading;
  try {
    const query = kind ? `?kind=${kind}` : "";
    const [given, figures] = await Promise.all([ask("GET", `supervision${query}`), ofMonth(query)]);
    if (mine !== reading) return;
    shown = given;
    rates = Object.fromEntries([["", figures.total], ...figures.rows.map((row) => [row.unit, row.figures])].map(([unit, of]) => [unit, of.rates]));
    $("fault").textContent = "";
    show();
    document.body.dataset.read = String(mine);
  } catch (problem) {
    if (mine === reading) {
      $("fault").textContent = told(problem);
      readAgain(problem, () => mine === reading && read());
    }
  } finally {
    $("loading").hidden = true;
  }
}

for (const one of document.querySelectorAll(".kind"))
  one.addEventListener("click", () => {
    kind = one.dataset.kind;
    for (const other of document.querySelectorAll(".kind")) other.setAttribute("aria-pressed", String(other === one));
    closeList();
    read();
  });

let waiting = null;
const changed = () => {
  clearTimeout(waiting);
  waiting = setTimeout(() => {
    read();
    readList();
  }, READ_AFTER);
};
addEventListener("order-acted", changed);
const again = (missed) => {
  alarm("");
  if (missed) changed();
};
listen("supervision", (name) => name === "queue.changed" && changed(), again, () => alarm(w("not_live")));
read();
