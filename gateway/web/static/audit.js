// /desk/audit: the audit log with filters that stand in the address, whether it is whole, and figures of a period.
import { ask } from "./desk_server.js";
import { $, lang, make, today, told, w } from "./desk_parts.js";

const FIELDS = ["who", "about", "what", "from", "to"];
let before = null;
let reading = 0;

const said = () => Object.fromEntries(FIELDS.map((name) => [name, $(`a-${name}`).value.trim()]).filter(([, value]) => value));
const later = (day, by) => new Date(Date.parse(`${day}T00:00:00Z`) + by * 86_400_000).toISOString().slice(0, 10);

function filters() {
  const { from, to, ...asked } = said();
  if (from) asked.since = `${from}T00:00:00`;
  if (to) asked.until = `${later(to, 1)}T00:00:00`;
  return asked;
}

const time = (text) => new Date(text).toLocaleString(lang === "zh" ? "zh-CN" : "en", { dateStyle: "short", timeStyle: "medium" });

function details(text) {
  const said = Object.entries(JSON.parse(text));
  return said.map(([name, value]) => `${name}: ${typeof value === "string" ? value : JSON.stringify(value)}`).join("; ");
}

function rowOf(one) {
  const row = make("tr");
  const what = make("td");
  what.append(make("div", lang === "zh" ? one.what_zh : one.what_en), make("code", one.what, "soft small"));
  const about = make("td");
  if (/^\d{12}$/.test(one.about) && document.body.dataset.role === "admin") about.append(Object.assign(make("a", one.about), { href: `/desk#${one.about}` }));
  else about.textContent = one.about;
  row.append(make("td", String(one.seq), "figure"), make("td", time(one.at)), make("td", one.who), what, about, make("td", one.address), make("td", details(one.detail), "soft"));
  return row;
}

async function read(more = false) {
  const mine = ++reading;
  $("fault").textContent = "";
  $("loading").hidden = false;
  $("empty").hidden = true;
  $("more").hidden = true;
  $("export").href = `/api/v1/audit/export?${new URLSearchParams(filters())}`;
  try {
    const page = await ask("GET", `audit?${new URLSearchParams({ ...filters(), ...(more && { before }), limit: "100" })}`);
    if (mine !== reading) return;
    before = page.before;
    if (!more) $("rows").replaceChildren();
    $("rows").append(...page.rows.map(rowOf));
    $("empty").hidden = $("rows").children.length > 0;
    $("more").hidden = !before;
    document.body.dataset.read = String($("rows").children.length);
  } catch (problem) {
    if (mine === reading) $("fault").textContent = told(problem);
  } finally {
    if (mine === reading) $("loading").hidden = true;
  }
}

function submitted(event) {
  event?.preventDefault();
  const address = `#${new URLSearchParams(said())}`;
  if (location.hash !== address) history.pushState(null, "", address);
  read();
}
$("filters").addEventListener("submit", submitted);
$("filters").addEventListener("reset", () => setTimeout(submitted));
for (const name of ["from", "to"]) $(`a-${name}`).addEventListener("change", submitted);
$("more").addEventListener("click", () => read(true));

$("verify").addEventListener("click", async () => {
  const say = (text, level) => {
    $("verdict").hidden = false;
    $("verdict").className = `notice ${level}`;
    $("verdict").textContent = text;
  };
  $("verify").disabled = true;
  say(w("verifying"), "");
  try {
    const { rows, broken, why } = await ask("POST", "audit/verify");
    say(broken ? `${w("broken", broken)}: ${why}` : w("whole", rows), broken ? "bad" : "good");
  } catch (problem) {
    say(told(problem), "bad");
  } finally {
    $("verify").disabled = false;
  }
});

function follow() {
  const wanted = new URLSearchParams(location.hash.slice(1));
  for (const name of FIELDS) $(`a-${name}`).value = wanted.get(name) || "";
  read();
}
addEventListener("hashchange", follow);
addEventListener("popstate", follow);
follow();

// ------------------------------------------------------------ figures

const shown = (name, value) => (value === null ? "–" : name.endsWith("_rate") ? `${(value * 100).toFixed(1)} %` : String(value));

async function count(event) {
  event?.preventDefault();
  $("days-fault").textContent = "";
  try {
    const { days, total } = await ask("GET", `figures?${new URLSearchParams({ from: $("f-from").value, to: $("f-to").value })}`);
    const names = [...document.querySelectorAll("[data-figure]")].map((head) => head.dataset.figure);
    const line = (head, figures) => {
      const row = make("tr");
      row.append(make("th", head), ...names.map((name) => make("td", shown(name, figures[name]), "figure")));
      return row;
    };
    $("counted").replaceChildren(...days.map(({ day, figures }) => line(day, figures)), line(lang === "zh" ? "合计" : "Total", total));
  } catch (problem) {
    $("days-fault").textContent = told(problem);
  }
}
$("f-to").value = today();
$("f-from").value = later(today(), -6);
$("days").addEventListener("submit", count);
count();
