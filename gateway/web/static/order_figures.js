// /desk/supervision/figures: figures of a period by unit, the list behind each, files, publishing.
import { ask, readAgain } from "./desk_server.js";
import { $, button, make, spaced, told, w, when } from "./desk_parts.js";
import { fold, percent, rowsOf, short } from "./unit_rows.js";

const RATES = ["in_time", "closed", "signed_in_time", "returned", "done_again", "satisfied", "answered"];
const zh = document.body.dataset.lang === "zh";
let shown = null;
let reading = 0;

const asked = () => new URLSearchParams(Object.entries({ from: $("from").value, to: $("to").value, kind: $("kind").value }).filter(([, value]) => value));

function count(row, measure, more) {
  const box = make("td");
  const value = row.figures.counts[measure.measure];
  if (!value) box.append(make("span", "0", "soft"));
  else {
    const to = button(String(value), () => list(row, measure, more));
    to.setAttribute("aria-label", `${row.name} ${zh ? measure.zh : measure.en} ${value}`);
    to.dataset.cell = `${row.unit}/${more.at || ""}/${measure.measure}`;
    box.append(to);
  }
  return box;
}

function line(row, more, className = "") {
  const made = make("tr", "", className);
  const head = make("th", short(row.name));
  head.scope = "row";
  if (row.parts?.length) head.append(" ", fold(row, show));
  made.append(
    head,
    ...shown.measures.map((measure) => count(row, measure, more)),
    make("td", Number(row.figures.recovered).toLocaleString("zh-CN")),
    ...RATES.map((name) => make("td", percent(row.figures.rates[name]))),
  );
  return made;
}

function show() {
  const names = [...shown.measures.map((one) => (zh ? one.zh : one.en)), w("recovered"), ...RATES.map((name) => w(`rate.${name}`))];
  const heads = names.map((name) => Object.assign(make("th", name), { scope: "col" }));
  $("columns").replaceChildren(make("td"), ...heads);
  $("units").replaceChildren(...shown.rows.flatMap((row) => rowsOf(row, line)));
  $("total").replaceChildren(line({ unit: "", name: w("all"), figures: shown.total }, {}));
  $("cut-off").textContent = w("cut_off", when(shown.cut_off));
  for (const name of ["csv", "xlsx"]) $(name).href = `/api/v1/supervision/figures.${name}?${asked()}`;
}

// ------------------------------------------------------------ the list behind a figure

async function list(row, measure, more) {
  try {
    const query = new URLSearchParams([...asked(), ["measure", measure.measure], ...Object.entries(more)]);
    const given = await ask("GET", `supervision/figures/orders?${query}`);
    $("list-name").textContent = w("list_of", row.name, zh ? measure.zh : measure.en, given.count);
    $("orders").replaceChildren(...given.items.map((one) => {
      const item = make("li");
      item.append(Object.assign(make("a", spaced(one.number)), { href: `/desk#${one.number}` }), ` ${w(`kind.${one.kind}`)} · ${one.unit_name}`);
      return item;
    }));
    $("list").hidden = false;
    $("list").focus();
  } catch (problem) {
    $("fault").textContent = told(problem);
  }
}
$("close-list").addEventListener("click", () => ($("list").hidden = true));

// ------------------------------------------------------------ reading and publishing

async function read() {
  const mine = ++reading;
  $("fault").textContent = "";
  try {
    const given = await ask("GET", `supervision/figures?${asked()}`);
    if (mine !== reading) return;
    shown = given;
    [$("from").value, $("to").value] = [given.first, given.last];
    show();
    document.body.dataset.read = String(mine);
  } catch (problem) {
    if (mine !== reading) return;
    $("fault").textContent = told(problem);
    readAgain(problem, () => mine === reading && read());
  }
}

async function readPublished() {
  const { items } = await ask("GET", "supervision/figures/published");
  $("published-box").hidden = !items.length;
  $("published").replaceChildren(...items.map((one) => make("li", `${w("published_row", one.first, one.last, when(one.cut_off), one.who)} · ${w("rate.in_time")} ${percent(one.total.rates.in_time)} · ${w("rate.closed")} ${percent(one.total.rates.closed)}`)));
}

$("period").addEventListener("submit", (event) => {
  event.preventDefault();
  $("list").hidden = true;
  read();
});
$("publish")?.addEventListener("click", async () => {
  try {
    const kept = await ask("POST", "supervision/figures/publish", Object.fromEntries(asked()));
    $("said").textContent = w("published", when(kept.cut_off));
    $("said").hidden = false;
    await readPublished();
  } catch (problem) {
    $("fault").textContent = told(problem);
  }
});
read();
readPublished().catch((problem) => ($("fault").textContent = told(problem)));
