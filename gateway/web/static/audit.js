// /desk/audit: the audit log with filters that stand in the address, whether it is whole, and figures of a period.
import { ask } from "./desk_server.js";
import { filteredList, later } from "./filtered_list.js";
import { $, lang, make, today, told, w, when } from "./desk_parts.js";


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
  row.append(make("td", String(one.seq), "figure"), make("td", when(one.at, true)), make("td", one.who), what, about, make("td", one.address), make("td", details(one.detail), "soft"));
  return row;
}

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

filteredList({
  prefix: "a",
  fields: ["who", "about", "what", "from", "to"],
  atOnce: ["from", "to"],
  rows: "rows",
  rowOf,
  async open(filters) {
    const { before, ...asked } = filters;
    $("export").href = `/api/v1/audit/export?${new URLSearchParams(asked)}`;
    const page = await ask("GET", `audit?${new URLSearchParams({ ...filters, limit: "100" })}`);
    return { rows: page.rows, next: page.before };
  },
  words: told,
}).follow();

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
